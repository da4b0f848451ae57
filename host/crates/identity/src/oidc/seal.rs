//! Texts that only this host can write and read: AES-256-GCM under a key derived from the host's secret.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stoa_kernel::random::Random;

use super::config::KEY_BYTES;

/// What the key is for. Another use of the host's secret gets another key.
const PURPOSE: &[u8] = b"stoa oidc flow cookie v1";

/// A longer text is refused unread: ours are a few hundred characters.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Seals and opens. Nonces are random: 96 bits are enough for the 2^32 sign-ins that one key may see.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// Under a key derived from `secret`; none if the machine's cryptography fails.
    pub(super) fn new(secret: &[u8; KEY_BYTES]) -> Option<Self> {
        let derived = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let key = derived.expand(&[PURPOSE], &AES_256_GCM).ok()?;
        Some(Self(LessSafeKey::new(UnboundKey::from(key))))
    }

    /// A text that shows nothing of `value`.
    pub(super) fn seal<T: Serialize>(&self, value: &T, random: &dyn Random) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        let mut sealed = serde_json::to_vec(value).ok()?;
        let key_nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(key_nonce, Aad::empty(), &mut sealed)
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed; none for a text of anybody else.
    pub(super) fn open<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self.0.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_slice(opened).ok()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::super::flow::testing::Counting;
    use super::*;

    #[test]
    fn only_the_same_secret_opens_what_was_sealed() {
        let (ours, theirs) = (Seal::new(&[1; 32]).unwrap(), Seal::new(&[2; 32]).unwrap());
        let text = ours.seal(&"hidden", &Counting::default()).unwrap();
        assert_eq!(ours.open::<String>(&text).unwrap(), "hidden");
        assert_eq!(theirs.open::<String>(&text), None);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hidden"));
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let seal = Seal::new(&[1; 32]).unwrap();
        let text = seal.seal(&"hidden", &Counting::default()).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            *changed.get_mut(position).unwrap() ^= 1;
            let text = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(seal.open::<String>(&text), None, "{position}");
        }
        for text in ["", "A", "AAAA", "äöü", &"A".repeat(5_000)] {
            assert_eq!(seal.open::<String>(text), None, "{text}");
        }
    }

    #[test]
    fn no_two_texts_are_alike() {
        let (seal, random) = (Seal::new(&[1; 32]).unwrap(), Counting::default());
        assert_ne!(seal.seal(&1, &random), seal.seal(&1, &random));
    }
}
