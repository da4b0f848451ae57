//! Texts that only who has the key can write and read: AES-256-GCM under a key derived from a secret of the host.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::Random;

/// Bytes of the secret from which the key is derived.
pub const KEY_BYTES: usize = 32;

/// Characters of a sealed text; a longer one is refused unread.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// Seals and opens. Nonces are random: 96 bits are enough for the 2^32 texts that one key may see.
pub struct Seal(LessSafeKey);

impl Seal {
    /// Under a key derived from `secret` for this purpose: another purpose has another key. None if the machine's
    /// cryptography fails.
    #[must_use]
    pub fn new(secret: &[u8; KEY_BYTES], purpose: &str) -> Option<Self> {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let info = [purpose.as_bytes()];
        let key = derived.expand(&info, &AES_256_GCM).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// A text that shows nothing of `plain`. It is opened as what it is `about`, and as nothing else.
    pub fn seal(&self, plain: &[u8], about: &str, random: &dyn Random) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = plain.to_vec();
        let key_nonce = Nonce::assume_unique_for_key(nonce);
        let about = Aad::from(about.as_bytes());
        self.0
            .seal_in_place_append_tag(key_nonce, about, &mut sealed)
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed; none for a text of anybody else, or about something else.
    #[must_use]
    pub fn open(&self, text: &str, about: &str) -> Option<Vec<u8>> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let about = Aad::from(about.as_bytes());
        let opened = self.0.open_in_place(nonce, about, sealed).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    /// Bytes that tests can foresee.
    #[derive(Default)]
    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, into: &mut [u8]) {
            into.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn seal(secret: u8, purpose: &str) -> Seal {
        Seal::new(&[secret; KEY_BYTES], purpose).unwrap()
    }

    #[test]
    fn only_the_same_secret_for_the_same_purpose_opens_what_was_sealed() {
        let ours = seal(1, "tests");
        let text = ours.seal(b"hidden", "a", &Counting::default()).unwrap();
        assert_eq!(ours.open(&text, "a").unwrap(), b"hidden");
        assert_eq!(ours.open(&text, "b"), None, "about something else");
        assert_eq!(seal(2, "tests").open(&text, "a"), None);
        assert_eq!(seal(1, "others").open(&text, "a"), None);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hidden"));
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let seal = seal(1, "tests");
        let text = seal.seal(b"hidden", "", &Counting::default()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            *changed.get_mut(position).unwrap() ^= 1;
            let text = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(seal.open(&text, ""), None, "{position}");
        }
        for text in ["", "A", "AAAA", "äöü", &"A".repeat(TEXT_BYTES_MAX + 4)] {
            assert_eq!(seal.open(text, ""), None);
        }
    }

    #[test]
    fn no_two_texts_are_alike() {
        let (seal, random) = (seal(1, "tests"), Counting::default());
        assert_ne!(seal.seal(b"1", "", &random), seal.seal(b"1", "", &random));
    }
}
