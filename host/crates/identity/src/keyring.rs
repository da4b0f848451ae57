//! The keys of a host: one signs, and those that signed before verify until their last token has ended.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::key::{SigningKey, VerifyingKey};

/// One key that signs and any number that verify, by their names.
#[derive(Debug, Clone)]
pub struct KeyRing {
    signs: SigningKey,
    verifies: BTreeMap<String, VerifyingKey>,
}

/// The public keys as others read them (RFC 7517).
#[derive(Debug, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// One public key (RFC 8037).
#[derive(Debug, Serialize)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl KeyRing {
    /// A ring whose `signs` verifies, too; `retired` only verify.
    #[must_use]
    pub fn new(signs: SigningKey, retired: impl IntoIterator<Item = VerifyingKey>) -> Self {
        let keys = retired.into_iter().chain([signs.public().clone()]);
        Self {
            verifies: keys.map(|key| (key.id().to_owned(), key)).collect(),
            signs,
        }
    }

    /// What signs.
    #[must_use]
    pub const fn signs(&self) -> &SigningKey {
        &self.signs
    }

    /// The key of this name. A token's header chooses among these and nothing else.
    #[must_use]
    pub fn verifies(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifies.get(kid)
    }

    /// All public keys.
    #[must_use]
    pub fn jwks(&self) -> JwkSet {
        let jwk = |key: &VerifyingKey| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.id().to_owned(),
            x: key.x(),
        };
        JwkSet {
            keys: self.verifies.values().map(jwk).collect(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_ring_shows_public_halves_alone() {
        let (old, new) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let ring = KeyRing::new(new.clone(), [old.public().clone()]);
        assert!(ring.verifies(old.id()).is_some() && ring.verifies(new.id()).is_some());
        assert!(ring.verifies("another").is_none());
        let shown = serde_json::to_value(ring.jwks()).unwrap();
        let keys = shown.get("keys").and_then(|keys| keys.as_array()).unwrap();
        assert_eq!(keys.len(), 2);
        for key in keys {
            let mut members: Vec<&String> = key.as_object().unwrap().keys().collect();
            members.sort();
            assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        }
    }
}
