//! What an operator may set about files.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The settings.
#[derive(Clone)]
pub struct BlobsConfig {
    /// Bytes of one upload.
    pub upload_bytes_max: u64,
    /// Bytes of a tenant's files together, where no plan says otherwise.
    pub tenant_bytes_max: u64,
    /// Media types that are taken.
    pub kinds: BTreeSet<String>,
    /// What signs links.
    pub link_key: [u8; 32],
}

impl fmt::Debug for BlobsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobsConfig")
            .field("upload_bytes_max", &self.upload_bytes_max)
            .field("tenant_bytes_max", &self.tenant_bytes_max)
            .field("kinds", &self.kinds)
            .finish_non_exhaustive()
    }
}

/// Where bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In memory, until the process ends.
    Memory,
    /// In a folder; none means the usual one of whoever asks.
    Disk(Option<PathBuf>),
    /// In a bucket.
    Bucket {
        /// Its name.
        name: String,
        /// What the keys begin with; may be empty.
        prefix: String,
    },
}

/// The text names no storage.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not memory://, file://DIR or s3://BUCKET/PREFIX")]
pub struct InvalidLocation(String);

impl FromStr for Location {
    type Err = InvalidLocation;

    fn from_str(text: &str) -> Result<Self, InvalidLocation> {
        if text == "memory://" {
            return Ok(Self::Memory);
        }
        if let Some(dir) = text.strip_prefix("file://") {
            return Ok(Self::Disk((!dir.is_empty()).then(|| dir.into())));
        }
        let bucket = text.strip_prefix("s3://").unwrap_or_default();
        let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if !is_name {
            return Err(InvalidLocation(text.to_owned()));
        }
        Ok(Self::Bucket {
            name: name.into(),
            prefix: prefix.trim_matches('/').into(),
        })
    }
}

/// How an S3-compatible service is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3 {
    /// The region.
    pub region: String,
    /// The service's address; none means Amazon's. With `http://` nothing is encrypted.
    pub endpoint: Option<String>,
    /// Who we are there; none means what the machine says (its role).
    pub access_key: Option<String>,
    /// What proves it.
    pub secret_key: Option<String>,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let bucket = |name: &str, prefix: &str| Location::Bucket {
            name: name.into(),
            prefix: prefix.into(),
        };
        for (text, location) in [
            ("memory://", Location::Memory),
            ("file://", Location::Disk(None)),
            ("file:///var/x", Location::Disk(Some("/var/x".into()))),
            ("s3://shop", bucket("shop", "")),
            ("s3://shop/", bucket("shop", "")),
            ("s3://shop/a/b/", bucket("shop", "a/b")),
        ] {
            assert_eq!(text.parse::<Location>().unwrap(), location, "{text}");
        }
        for wrong in [
            "",
            "memory",
            "s3://",
            "s3:///x",
            "s3://a b",
            "gs://x",
            "data/blobs",
        ] {
            assert!(wrong.parse::<Location>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_secret_is_not_shown() {
        let s3 = S3 {
            secret_key: Some("s3cret".into()),
            ..S3::default()
        };
        let config = BlobsConfig {
            upload_bytes_max: 1,
            tenant_bytes_max: 1,
            kinds: BTreeSet::new(),
            link_key: [77; 32],
        };
        let shown = format!("{s3:?} {config:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("77"),
            "{shown}"
        );
    }
}
