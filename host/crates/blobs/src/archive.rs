//! The files of plugins, by digest, beside the files of tenants.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use stoa_kernel::deployment::Archive;
use stoa_kernel::hex::hex;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::PLUGIN_BYTES_MAX;

use crate::storage::Storage;

/// Keeps them where no tenant's files are: the sweep looks at tenants alone.
pub struct PluginArchive(Storage);

impl PluginArchive {
    /// On this storage.
    #[must_use]
    pub const fn new(storage: Storage) -> Self {
        Self(storage)
    }
}

#[async_trait]
impl Archive for PluginArchive {
    async fn keep(&self, digest: &str, file: Bytes) -> Result<(), String> {
        if !is_of(digest, &file) {
            return Err(format!("the file is not {digest}"));
        }
        let place = TenantId::platform();
        let mut writer = self.0.writer(&place, digest);
        match writer.write(&file).await {
            Ok(()) => writer.finish().await.map_err(|error| error.to_string()),
            Err(error) => {
                writer.abort().await;
                Err(error.to_string())
            }
        }
    }

    async fn fetch(&self, digest: &str) -> Result<Option<Bytes>, String> {
        let place = TenantId::platform();
        let whole = 0..PLUGIN_BYTES_MAX as u64;
        let found = self.0.stream(&place, digest, whole).await;
        let Some(mut chunks) = found.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let mut file = BytesMut::new();
        while let Some(chunk) = chunks.try_next().await.map_err(|error| error.to_string())? {
            file.extend_from_slice(&chunk);
        }
        // What is something else now is as good as gone.
        if is_of(digest, &file) {
            return Ok(Some(file.freeze()));
        }
        tracing::error!(digest, "the file of a plugin is not what was kept");
        Ok(None)
    }
}

fn is_of(digest: &str, file: &[u8]) -> bool {
    hex(&Sha256::digest(file)) == digest
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::config::{Location, S3};

    #[tokio::test]
    async fn a_file_comes_back_as_it_was_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(&Location::Disk(None), dir.path(), &S3::default()).unwrap();
        let archive = PluginArchive::new(storage.clone());
        let file = Bytes::from(vec![7; 100_000]);
        let digest = hex(&Sha256::digest(&file));
        assert_eq!(archive.fetch(&digest).await, Ok(None));
        archive.keep(&digest, file.clone()).await.unwrap();
        archive.keep(&digest, file.clone()).await.unwrap();
        assert_eq!(archive.fetch(&digest).await, Ok(Some(file)));
        let other = archive.keep(&digest, Bytes::from_static(b"other"));
        other.await.unwrap_err();

        // The sweep, which removes what no document tells of, does not know of it.
        let listed: Vec<_> = storage.list().try_collect().await.unwrap();
        assert!(listed.is_empty(), "{listed:?}");
        let place = dir.path().join("_platform").join(&digest);
        std::fs::write(place, "rotten").unwrap();
        assert_eq!(archive.fetch(&digest).await, Ok(None));
    }
}
