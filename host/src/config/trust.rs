//! `[plugins.trust]`: whose signatures count for plugins of others.

use std::collections::BTreeSet;

use serde::Deserialize;
use stoa_kernel::hex::unhex;
use stoa_registry::{TrustConfig, TrustedKey};

/// Owners who can be made to sign: a vendor, and an operator.
const REQUIRED_MAX: usize = 2;

/// Bytes of a public key, and of a digest.
const KEY_BYTES: usize = 32;

/// Whose signatures count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Keys that are trusted.
    pub keys: Vec<Key>,
    /// How many different owners have to have signed.
    pub require: usize,
    /// Whether files without signatures are taken.
    pub unsigned: bool,
    /// Keys and digests that are good no more.
    pub revoked: BTreeSet<String>,
}

/// A key that is trusted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The Ed25519 public key in hex.
    pub key: String,
    /// Whose it is.
    pub owner: String,
    /// Names of plugins, or beginnings that end in `*`.
    pub plugins: BTreeSet<String>,
}

impl Trust {
    /// Checks what types alone do not say; answers what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=REQUIRED_MAX).contains(&self.require) {
            return Err(format!(
                "plugins.trust.require is {}; it may be 1 or {REQUIRED_MAX}",
                self.require
            ));
        }
        let is_hex = |text: &String| unhex::<KEY_BYTES>(text).is_some();
        let keys = self.keys.iter().map(|key| &key.key);
        match keys.chain(&self.revoked).find(|text| !is_hex(text)) {
            Some(text) => Err(format!(
                "plugins.trust: {text:?} is not 64 digits of lower-case hexadecimal"
            )),
            None => Ok(()),
        }
    }
}

impl From<&Trust> for TrustConfig {
    fn from(trust: &Trust) -> Self {
        let keys = trust.keys.iter().map(|key| TrustedKey {
            key: key.key.clone(),
            owner: key.owner.clone(),
            plugins: key.plugins.clone(),
        });
        Self {
            keys: keys.collect(),
            require: trust.require,
            unsigned: trust.unsigned,
            revoked: trust.revoked.clone(),
        }
    }
}
