//! Ed25519: signing a plugin's file, and checking who signed it.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use stoa_kernel::hex::hex;
use stoa_kernel::wit::signature::{PUBLIC_KEY_BYTES, SIGNATURE_BYTES, Signature, signed_text};

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

/// A private key that signs plugins.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: [u8; PUBLIC_KEY_BYTES],
}

impl SigningKey {
    /// A fresh key as PKCS#8 DER, for the file that keeps it.
    ///
    /// # Errors
    /// [`KeyError::Generate`].
    pub fn generate() -> Result<Vec<u8>, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generate)?;
        let document = pair.to_pkcs8().map_err(|_| KeyError::Generate)?;
        Ok(document.as_ref().to_vec())
    }

    /// The key that these PKCS#8 DER bytes hold.
    ///
    /// # Errors
    /// [`KeyError::Malformed`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
        let public = pair.public_key().as_ref().try_into();
        let public = public.map_err(|_| KeyError::Malformed)?;
        Ok(Self { pair, public })
    }

    /// The public half in hex, as operators write it into their configuration.
    #[must_use]
    pub fn public(&self) -> String {
        hex(&self.public)
    }

    /// Signs a revision.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] when the key can't sign.
    pub fn sign(&self, plugin: &str, version: &str, digest: &str) -> Result<Signature, KeyError> {
        let text = signed_text(plugin, version, digest);
        let signed = self.pair.sign(text.as_bytes());
        let signature: [u8; SIGNATURE_BYTES] = signed
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Malformed)?;
        Ok(Signature {
            key: self.public,
            signature,
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

/// Whether the key has signed this revision.
pub fn verifies(signature: &Signature, plugin: &str, version: &str, digest: &str) -> bool {
    let text = signed_text(plugin, version, digest);
    let key = UnparsedPublicKey::new(&ED25519, &signature.key);
    key.verify(text.as_bytes(), &signature.signature).is_ok()
}

/// SHA-256 in hex: of a file without signatures, what a revision is called by.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_one_revision_alone() {
        let key = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let signature = key.sign("notes", "1.0.0", "d1").unwrap();
        assert!(verifies(&signature, "notes", "1.0.0", "d1"));
        for (plugin, version, digest) in [
            ("other", "1.0.0", "d1"),
            ("notes", "1.0.1", "d1"),
            ("notes", "1.0.0", "d2"),
        ] {
            assert!(!verifies(&signature, plugin, version, digest));
        }
        let other = SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap();
        let forged = Signature {
            key: other.public,
            ..signature
        };
        assert!(!verifies(&forged, "notes", "1.0.0", "d1"));
    }

    #[test]
    fn other_bytes_are_no_key() {
        assert_eq!(
            SigningKey::from_pkcs8(b"no key").unwrap_err(),
            KeyError::Malformed
        );
    }
}
