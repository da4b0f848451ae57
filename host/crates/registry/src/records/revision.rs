//! A plugin's code, for ever what it is.

use serde::{Deserialize, Serialize};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::wit::Package;

use super::Record;

/// A revision. Its id is the digest: SHA-256 of the file without signatures, in hex.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revision {
    /// The plugin's name.
    pub plugin: String,
    /// Its version: with the name it belongs to this digest for ever.
    pub version: String,
    /// Bytes of the file without signatures.
    pub size_bytes: u64,
    /// What it says of itself: [`Package`] as JSON text, for its members' names are the author's.
    pub package: String,
    /// The account that uploaded it first.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Millis,
}

impl Revision {
    /// What it says of itself.
    ///
    /// # Errors
    /// 500 when the row is broken.
    pub fn package(&self) -> Result<Package, Problem> {
        serde_json::from_str(&self.package).map_err(|error| {
            Problem::internal(format!(
                "the package of {} {}: {error}",
                self.plugin, self.version
            ))
        })
    }
}

impl Record for Revision {
    const COLLECTION: &'static str = "revisions";
}

/// A signature of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureRow {
    /// The revision's digest.
    pub digest: String,
    /// The public key, in hex.
    pub key: String,
    /// The signature, in hex.
    pub signature: String,
    /// The account that brought it.
    pub added_by: String,
    /// When.
    pub added_at: Millis,
}

impl Record for SignatureRow {
    const COLLECTION: &'static str = "signatures";
}

/// A key signs a revision once.
#[must_use]
pub fn signature_id(digest: &str, key: &str) -> String {
    format!("{digest}:{key}")
}
