//! The Ed25519 keys that sign and verify access tokens. A private half leaves only through [`SigningKey::to_pkcs8`].

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::digest::sha256_start;

/// Bytes of the public key's digest that name the key: 64 bits tell apart all keys that one host ever has.
const KEY_ID_BYTES: usize = 8;

/// Bytes of a public key (RFC 8032, 5.1.5).
const PUBLIC_BYTES: usize = 32;

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

/// A public key with its name.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(crate) verifies: DecodingKey,
    pub(crate) bytes: [u8; PUBLIC_BYTES],
    pub(crate) id: String,
}

impl VerifyingKey {
    /// The key with these bytes.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] unless there are 32 of them.
    pub fn from_bytes(public: &[u8]) -> Result<Self, KeyError> {
        let bytes = public.try_into().map_err(|_| KeyError::Malformed)?;
        Ok(Self {
            verifies: DecodingKey::from_ed_der(public),
            bytes,
            id: sha256_start(KEY_ID_BYTES, public),
        })
    }

    /// The key of this `x`, as `/.well-known/jwks.json` shows it (RFC 8037, 2).
    ///
    /// # Errors
    /// [`KeyError::Malformed`] for anything else.
    pub fn from_x(x: &str) -> Result<Self, KeyError> {
        let public = URL_SAFE_NO_PAD.decode(x);
        Self::from_bytes(&public.map_err(|_| KeyError::Malformed)?)
    }

    /// The key as JWKs show it.
    #[must_use]
    pub fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes)
    }

    /// The key's name in a token's header (`kid`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id)
    }
}

/// A private key with its public half.
#[derive(Clone)]
pub struct SigningKey {
    pub(crate) signs: EncodingKey,
    public: VerifyingKey,
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
        Ok(Self {
            signs: EncodingKey::from_ed_der(der),
            public: VerifyingKey::from_bytes(pair.public_key().as_ref())?,
        })
    }

    /// 32 bytes for another purpose, which tell nothing of the key: HMAC-SHA-256 of the purpose's name under it.
    #[must_use]
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.to_pkcs8());
        let mut bytes = [0; 32];
        let tag = hmac::sign(&key, purpose.as_bytes());
        bytes
            .iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        bytes
    }

    /// The private key as PKCS#8 DER, for the file that keeps it.
    #[must_use]
    pub fn to_pkcs8(&self) -> &[u8] {
        self.signs.as_bytes()
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The key's name in a token's header (`kid`).
    #[must_use]
    pub fn id(&self) -> &str {
        self.public.id()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
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
    fn a_public_key_survives_its_way_through_a_jwk() {
        let key = SigningKey::generate().unwrap();
        let again = VerifyingKey::from_x(&key.public().x()).unwrap();
        assert_eq!((again.id(), again.bytes), (key.id(), key.public().bytes));
        for bad in ["", "AQID", "no base64!"] {
            assert_eq!(VerifyingKey::from_x(bad).unwrap_err(), KeyError::Malformed);
        }
    }

    #[test]
    fn a_debug_line_shows_the_name_alone() {
        let key = SigningKey::generate().unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.id()));
    }
}
