//! The Ed25519 key that signs access tokens. Its private half leaves only through [`SigningKey::to_pkcs8`].

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use jsonwebtoken::{DecodingKey, EncodingKey};
use stoa_kernel::hex::hex;

/// Bytes of the public key's digest that name the key: 64 bits tell apart all keys that one host ever has.
const KEY_ID_BYTES: usize = 8;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The machine yields no randomness.
    #[error("an Ed25519 key can't be generated")]
    Generate,
    /// The bytes are something else.
    #[error("the bytes are no Ed25519 key in PKCS#8 form")]
    Malformed,
}

/// A private key with its public half and its name.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) signs: EncodingKey,
    pub(crate) verifies: DecodingKey,
    pub(crate) id: String,
}

impl SigningKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`KeyError::Generate`] when the machine yields no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?;
        let document = pair.to_pkcs8().map_err(|_| KeyError::Generate)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// The key that these PKCS#8 DER bytes hold (RFC 8410, with or without the public half).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
        let public = pair.public_key().as_ref();
        let public_id = digest(&SHA256, public);
        Ok(Self {
            signs: EncodingKey::from_ed_der(der),
            verifies: DecodingKey::from_ed_der(public),
            id: hex(public_id.as_ref().get(..KEY_ID_BYTES).unwrap_or_default()),
        })
    }

    /// The private key as PKCS#8 DER, for the file that keeps it.
    #[must_use]
    pub fn to_pkcs8(&self) -> &[u8] {
        self.signs.as_bytes()
    }

    /// The key's name in a token's header (`kid`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_and_keeps_its_name() {
        let key = SigningKey::generate().unwrap();
        let again = SigningKey::from_pkcs8(key.to_pkcs8()).unwrap();
        assert_eq!(again.id(), key.id());
        assert_eq!(again.to_pkcs8(), key.to_pkcs8());
        assert_ne!(SigningKey::generate().unwrap().id(), key.id());
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(
            SigningKey::from_pkcs8(b"").unwrap_err(),
            KeyError::Malformed
        );
        let mut der = SigningKey::generate().unwrap().to_pkcs8().to_vec();
        der.truncate(20);
        assert_eq!(
            SigningKey::from_pkcs8(&der).unwrap_err(),
            KeyError::Malformed
        );
    }

    #[test]
    fn a_debug_line_shows_the_name_alone() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.id()));
    }
}
