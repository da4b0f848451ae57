//! `[blobs]`: files.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, de::Error as _};
use stoa_blobs::{Location, S3};

use super::Secret;

/// Files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blobs {
    /// Where their bytes are.
    #[serde(deserialize_with = "location")]
    pub url: Location,
    /// Bytes of one upload.
    pub upload_bytes_max: u64,
    /// Bytes of a tenant's files together, where no plan says otherwise.
    pub tenant_bytes_max: u64,
    /// Media types that are taken.
    pub kinds: BTreeSet<String>,
    /// How a bucket is reached; see [`Blobs::s3`].
    s3_region: String,
    s3_endpoint: String,
    s3_access_key: String,
    s3_secret_key: Secret,
}

impl Blobs {
    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// A sentence that names the key at fault.
    pub fn check(&self) -> Result<(), String> {
        if self.s3_access_key.is_empty() != self.s3_secret_key.is_empty() {
            return Err("blobs.s3_access_key and blobs.s3_secret_key go together".into());
        }
        let is_address = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        if !self.s3_endpoint.is_empty() && !is_address(&self.s3_endpoint) {
            return Err("blobs.s3_endpoint is no address of http or https".into());
        }
        Ok(())
    }

    /// How a bucket is reached.
    #[must_use]
    pub fn s3(&self) -> S3 {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        S3 {
            region: self.s3_region.clone(),
            endpoint: some(&self.s3_endpoint),
            access_key: some(&self.s3_access_key),
            secret_key: some(self.s3_secret_key.expose()),
        }
    }
}

fn location<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Location, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}
