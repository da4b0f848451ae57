//! Files: uploads, downloads, pictures, and what is left of them. One story, told on every storage.

mod catalogue;
mod connection;
mod plugin;
pub mod s3;
mod story;

use bytes::Bytes;
use futures::TryStreamExt as _;
use http::Method;
use serde_json::Value;
use stoa_blobs::Location;
use stoa_kernel::id::TenantId;
use stoa_testkit::{Actor, Answer, FilesConfig, TestHost};

/// The smallest beginning of a picture.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";

/// A host that keeps files in a folder of its own.
pub async fn on_disk() -> TestHost {
    let config = FilesConfig {
        location: Location::Disk(None),
        ..small()
    };
    TestHost::builder()
        .guest("keeper")
        .files(config)
        .start()
        .await
}

/// Limits that a test can reach.
pub fn small() -> FilesConfig {
    FilesConfig {
        upload_bytes_max: 12 << 20,
        tenant_bytes_max: 20 << 20,
        ..FilesConfig::default()
    }
}

/// Sends a file as the body itself.
pub async fn upload(actor: &Actor, name: &str, kind: &str, bytes: impl Into<Bytes>) -> Answer {
    let actor = actor
        .header("x-filename", name)
        .header("content-type", kind);
    actor.send(Method::POST, "/api/blobs", bytes).await
}

/// Every object of the storage.
pub async fn objects(host: &TestHost) -> Vec<(TenantId, String)> {
    host.files.storage().list().try_collect().await.unwrap()
}

pub fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap()
}
