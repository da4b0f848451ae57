//! Values that travel in a browser's cookie and that only this host can read.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stoa_kernel::random::Random;

use super::config::KEY_BYTES;

/// What the key is for. Another use of the host's secret gets another key.
const PURPOSE: &str = "stoa oidc flow cookie v1";

/// A longer text is refused unread: ours are a few hundred characters.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Seals and opens.
pub(super) struct Seal(stoa_kernel::seal::Seal);

impl Seal {
    /// Under a key derived from `secret`; none if the machine's cryptography fails.
    pub(super) fn new(secret: &[u8; KEY_BYTES]) -> Option<Self> {
        stoa_kernel::seal::Seal::new(secret, PURPOSE).map(Self)
    }

    /// A text that shows nothing of `value`.
    pub(super) fn seal<T: Serialize>(&self, value: &T, random: &dyn Random) -> Option<String> {
        let plain = serde_json::to_vec(value).ok()?;
        self.0.seal(&plain, "", random)
    }

    /// What was sealed; none for a text of anybody else.
    pub(super) fn open<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        serde_json::from_slice(&self.0.open(text, "")?).ok()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::super::flow::testing::Counting;
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else_does() {
        let (ours, theirs) = (Seal::new(&[1; 32]).unwrap(), Seal::new(&[2; 32]).unwrap());
        let text = ours.seal(&"hidden", &Counting::default()).unwrap();
        assert_eq!(ours.open::<String>(&text).unwrap(), "hidden");
        assert_eq!(theirs.open::<String>(&text), None);
        for text in ["", "A", "AAAA", "äöü", &"A".repeat(5_000)] {
            assert_eq!(ours.open::<String>(text), None, "{text}");
        }
    }
}
