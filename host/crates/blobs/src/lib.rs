//! Files: what is known of them in the tenant's database, their bytes in a folder or in S3-compatible storage.
//!
//! `catalog` keeps the documents and `storage` the bytes; `blobs` is the port that plugins reach, `service` what
//! clients do. Bytes are written before their document commits, so that every document has bytes; `sweep` gives
//! back the room of bytes that have no document.

mod archive;
mod blobs;
mod catalog;
mod config;
mod intake;
mod kind;
mod link;
mod name;
mod range;
mod service;
mod storage;
mod sweep;

pub use archive::PluginArchive;
pub use blobs::{BlobStore, Ports};
pub use config::{BlobsConfig, InvalidLocation, Location, S3};
pub use kind::KINDS_DEFAULT;
pub use service::{FilesService, UPLOADS_AT_ONCE_MAX, UPLOADS_PER_ACCOUNT_MAX};
pub use storage::{Storage, StorageError};
pub use sweep::ORPHAN_MS_MIN;
