//! Files: the storage that the configuration wants, and the sweep that gives back its room.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use stoa_blobs::{BlobStore, BlobsConfig, FilesService, Ports, Storage};
use stoa_kernel::service::Service;

use crate::config::Config;
use crate::people;

/// How often bytes without a document are looked for: they cost room and nothing else, and listing a bucket costs money.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Files, and the service over them.
pub struct Files {
    /// What plugins reach.
    pub store: Arc<BlobStore>,
    /// What clients reach.
    pub service: Arc<dyn Service>,
}

/// Opens what the configuration wants.
///
/// # Errors
/// When the folder or a key can't be had, or the store refuses the collections.
pub async fn open(config: &Config, ports: Ports) -> anyhow::Result<Files> {
    let storage = Storage::open(&config.blobs.url, &config.blobs_dir(), &config.blobs.s3());
    let blobs = BlobsConfig {
        upload_bytes_max: config.blobs.upload_bytes_max,
        tenant_bytes_max: config.blobs.tenant_bytes_max,
        kinds: config.blobs.kinds.clone(),
        link_key: people::key_for(config, "links to files")?,
    };
    let store = BlobStore::open(blobs, storage.context("blobs.url")?, ports).await?;
    let service = Arc::new(FilesService::new(Arc::clone(&store))?);
    Ok(Files { store, service })
}

/// Sweeps for ever.
pub async fn sweep(files: Arc<BlobStore>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        match files.sweep().await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "files that belong to nobody are gone"),
            Err(error) => {
                tracing::warn!(%error, "files that belong to nobody could not be removed")
            }
        }
    }
}
