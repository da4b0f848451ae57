//! Whose word counts for which plugin.

use std::collections::{BTreeMap, BTreeSet};

use stoa_kernel::error::Problem;
use stoa_kernel::hex::{hex, unhex};
use stoa_kernel::wit::signature::Signature;

use crate::books::{Unit, equal};
use crate::records::{Key, Revision, Revoked, SignatureRow};
use crate::signature::verifies;

/// What the operator's configuration says.
#[derive(Debug, Clone)]
pub struct TrustConfig {
    /// Keys that are trusted.
    pub keys: Vec<TrustedKey>,
    /// How many different owners have to have signed.
    pub require: usize,
    /// Whether files without signatures are taken: for development.
    pub unsigned: bool,
    /// Keys and digests, in hex, that are good no more.
    pub revoked: BTreeSet<String>,
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            require: 1,
            unsigned: false,
            revoked: BTreeSet::new(),
        }
    }
}

/// A key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The public key in hex.
    pub key: String,
    /// Whose it is.
    pub owner: String,
    /// The plugins that it may sign: names, or beginnings that end in `*`.
    pub plugins: BTreeSet<String>,
}

/// Why a revision may not serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The revision itself was revoked.
    #[error("this revision was revoked")]
    RevokedDigest,
    /// A key that signed it was revoked, and too few others have.
    #[error("it is signed by the key {0}, which was revoked")]
    RevokedKey(String),
    /// A signature of something else, or of nobody.
    #[error("the signature by {0} is not of this file, name and version")]
    WrongSignature(String),
    /// Too few have signed who may.
    #[error("{found} of {required} signatures are by keys that are trusted for this plugin")]
    TooFew {
        /// Owners whose keys have signed.
        found: usize,
        /// Owners who have to.
        required: usize,
    },
}

/// Everything that decides, at one moment.
pub struct Trust {
    keys: BTreeMap<String, TrustedKey>,
    revoked: BTreeSet<String>,
    required: usize,
}

impl Trust {
    /// What the configuration and the rows say.
    pub async fn read(config: &TrustConfig, unit: &Unit) -> Result<Self, Problem> {
        let mut keys: BTreeMap<String, TrustedKey> = BTreeMap::new();
        for row in unit.all::<Key>(None).await? {
            let key = TrustedKey {
                key: row.id.clone(),
                owner: row.record.owner,
                plugins: row.record.plugins,
            };
            keys.insert(row.id, key);
        }
        let configured = config.keys.iter().cloned();
        keys.extend(configured.map(|key| (key.key.clone(), key)));
        let mut revoked = config.revoked.clone();
        let rows = unit.all::<Revoked>(None).await?;
        revoked.extend(rows.into_iter().map(|row| row.id));
        Ok(Self {
            keys,
            revoked,
            required: if config.unsigned { 0 } else { config.require },
        })
    }

    /// Whether a revision may serve.
    pub fn judge(
        &self,
        (plugin, version, digest): (&str, &str, &str),
        signatures: &[Signature],
    ) -> Result<(), Distrust> {
        if self.revoked.contains(digest) {
            return Err(Distrust::RevokedDigest);
        }
        let (mut owners, mut revoked) = (BTreeSet::new(), None);
        for signature in signatures {
            let key = hex(&signature.key);
            if !verifies(signature, plugin, version, digest) {
                return Err(Distrust::WrongSignature(key));
            }
            if self.revoked.contains(&key) {
                revoked = Some(key);
                continue;
            }
            let known = self.keys.get(&key);
            owners.extend(
                known
                    .filter(|known| known.may_sign(plugin))
                    .map(|known| &known.owner),
            );
        }
        let found = owners.len();
        match revoked {
            // The word of others makes up for it, once there is any.
            Some(key) if found < self.required.max(1) => Err(Distrust::RevokedKey(key)),
            _ if found < self.required => Err(Distrust::TooFew {
                found,
                required: self.required,
            }),
            _ => Ok(()),
        }
    }

    /// As [`Trust::judge`], of what is kept.
    pub async fn judge_revision(
        &self,
        unit: &Unit,
        digest: &str,
        revision: &Revision,
    ) -> Result<Result<(), Distrust>, Problem> {
        let signatures = signatures(unit, digest).await?;
        let named = (revision.plugin.as_str(), revision.version.as_str(), digest);
        Ok(self.judge(named, &signatures))
    }
}

/// The signatures that are kept of a revision.
pub async fn signatures(unit: &Unit, digest: &str) -> Result<Vec<Signature>, Problem> {
    let rows = unit.all::<SignatureRow>(Some(equal(&[("digest", digest)])?));
    let read = rows.await?.into_iter().map(|row| {
        let (key, signature) = (unhex(&row.record.key), unhex(&row.record.signature));
        let both = key.zip(signature);
        both.map(|(key, signature)| Signature { key, signature })
            .ok_or_else(|| Problem::internal(format!("the signature {} is malformed", row.id)))
    });
    read.collect()
}

impl TrustedKey {
    fn may_sign(&self, plugin: &str) -> bool {
        self.plugins.iter().any(|pattern| matches(pattern, plugin))
    }
}

/// Whether a name is the pattern, or begins as it does before its `*`.
pub fn matches(pattern: &str, plugin: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => plugin.starts_with(beginning),
        None => pattern == plugin,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::signature::SigningKey;

    const NAMED: (&str, &str, &str) = ("acme-notes", "1.0.0", "d1");

    fn key() -> SigningKey {
        SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap()
    }

    fn signed(key: &SigningKey) -> Signature {
        key.sign(NAMED.0, NAMED.1, NAMED.2).unwrap()
    }

    fn trust(keys: &[(&SigningKey, &str, &str)], required: usize) -> Trust {
        let keys = keys.iter().map(|(key, owner, pattern)| {
            let trusted = TrustedKey {
                key: key.public(),
                owner: (*owner).into(),
                plugins: BTreeSet::from([(*pattern).into()]),
            };
            (key.public(), trusted)
        });
        Trust {
            keys: keys.collect(),
            revoked: BTreeSet::new(),
            required,
        }
    }

    #[test]
    fn as_many_owners_as_are_required_have_to_sign() {
        let (vendor, second, operator) = (key(), key(), key());
        let trust = trust(
            &[
                (&vendor, "acme", "acme-*"),
                (&second, "acme", "acme-*"),
                (&operator, "operator", "*"),
            ],
            2,
        );
        let judge = |signatures: &[Signature]| trust.judge(NAMED, signatures);
        let (found, required) = (1, 2);
        let too_few = Err(Distrust::TooFew { found, required });
        assert_eq!(judge(&[signed(&vendor)]), too_few);
        assert_eq!(judge(&[signed(&vendor), signed(&second)]), too_few);
        assert_eq!(judge(&[signed(&vendor), signed(&operator)]), Ok(()));
        // A stranger's word neither helps nor harms.
        assert_eq!(judge(&[signed(&vendor), signed(&key())]), too_few);
    }

    #[test]
    fn a_key_speaks_for_its_own_plugins_and_a_signature_for_one_file() {
        let vendor = key();
        let trust = trust(&[(&vendor, "acme", "acme-*")], 1);
        let other = ("other-notes", "1.0.0", "d1");
        let signature = vendor.sign(other.0, other.1, other.2).unwrap();
        let (found, required) = (0, 1);
        assert_eq!(
            trust.judge(other, &[signature]),
            Err(Distrust::TooFew { found, required })
        );
        assert_eq!(
            trust.judge(NAMED, &[signature]),
            Err(Distrust::WrongSignature(vendor.public()))
        );
    }

    #[test]
    fn what_was_revoked_is_good_for_nothing() {
        let (vendor, operator) = (key(), key());
        let mut trust = trust(&[(&vendor, "acme", "*"), (&operator, "operator", "*")], 1);
        trust.revoked.insert(vendor.public());
        assert_eq!(
            trust.judge(NAMED, &[signed(&vendor)]),
            Err(Distrust::RevokedKey(vendor.public()))
        );
        let both = [signed(&vendor), signed(&operator)];
        assert_eq!(trust.judge(NAMED, &both), Ok(()));
        trust.required = 0;
        assert_eq!(trust.judge(NAMED, &[]), Ok(()), "development");
        assert!(trust.judge(NAMED, &[signed(&vendor)]).is_err());
        trust.revoked.insert(NAMED.2.into());
        assert_eq!(trust.judge(NAMED, &both), Err(Distrust::RevokedDigest));
    }

    #[test]
    fn a_pattern_is_a_name_or_a_beginning() {
        assert!(matches("*", "x") && matches("acme-*", "acme-x") && matches("x", "x"));
        assert!(!matches("acme-*", "acm") && !matches("x", "xy"));
    }
}
