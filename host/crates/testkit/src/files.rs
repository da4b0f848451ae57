//! Files of a test's host.

use std::path::Path;
use std::sync::Arc;

use stoa_blobs::{
    BlobStore, BlobsConfig, FilesService, KINDS_DEFAULT, Location, Ports, S3, Storage,
};

/// What signs a test's links.
const LINK_KEY: [u8; 32] = [7; 32];

/// What a test may say about files.
#[derive(Debug, Clone)]
pub struct FilesConfig {
    /// Where their bytes are.
    pub location: Location,
    /// How a bucket is reached.
    pub s3: S3,
    /// Bytes of one upload.
    pub upload_bytes_max: u64,
    /// Bytes of a tenant's files together.
    pub tenant_bytes_max: u64,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self {
            location: Location::Memory,
            s3: S3::default(),
            upload_bytes_max: 64 << 20,
            tenant_bytes_max: 256 << 20,
        }
    }
}

/// Makes them as the host does, over what another host has if there is one.
pub(crate) async fn open(
    config: FilesConfig,
    common: Option<Storage>,
    dir: &Path,
    ports: Ports,
) -> (Arc<BlobStore>, FilesService) {
    let storage = common.map_or_else(
        || Storage::open(&config.location, &dir.join("blobs"), &config.s3),
        Ok,
    );
    let blobs = BlobsConfig {
        upload_bytes_max: config.upload_bytes_max,
        tenant_bytes_max: config.tenant_bytes_max,
        kinds: KINDS_DEFAULT.iter().map(ToString::to_string).collect(),
        link_key: LINK_KEY,
    };
    let store = BlobStore::open(blobs, storage.expect("the storage of files"), ports);
    let store = store.await.expect("the collections of files");
    let service = FilesService::new(Arc::clone(&store));
    (store, service.expect("the service of files"))
}
