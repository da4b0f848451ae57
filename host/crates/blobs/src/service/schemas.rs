//! The service as the edge and the API document see it: its manifest, its types and their schemas.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use stoa_kernel::blob::{BlobInfo, Blobs as _};
use stoa_kernel::call::{Response, Source};
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::wit::{Manifest, Package, PackageError};

use crate::blobs::BlobStore;

/// How long the link in an answer is good: an hour, as long as somebody looks at a page.
const LINK_MS: Millis = 3_600_000;

/// A file as its owner sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobView<'a> {
    id: &'a str,
    name: &'a str,
    content_type: &'a str,
    size: u64,
    digest: &'a str,
    public: bool,
    url: String,
    created_at: String,
}

/// Manifest and schemas.
pub(super) fn package() -> Result<Package, PackageError> {
    let package = Package {
        manifest: Manifest::from_toml(include_str!("service.toml"))?,
        schemas: BTreeMap::from([
            (
                "Blob".to_owned(),
                json!({
                    "type": "object",
                    "required": ["id", "name", "contentType", "size", "digest", "public", "url", "createdAt"],
                    "properties": {
                        "id": { "type": "string" },
                        "name": { "type": "string" },
                        "contentType": { "type": "string", "description": "What the bytes are, found out by the host." },
                        "size": { "type": "integer", "minimum": 1, "description": "Bytes." },
                        "digest": { "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256." },
                        "public": { "type": "boolean" },
                        "url": { "type": "string", "description": "Of a public picture for ever, of anything else for an hour." },
                        "createdAt": { "type": "string", "format": "date-time" },
                    },
                }),
            ),
            (
                "UploadQuery".to_owned(),
                json!({
                    "type": "object",
                    "properties": {
                        "public": { "type": "boolean", "default": false, "description": "Whether anybody may see the picture." },
                    },
                }),
            ),
        ]),
    };
    package.check()?;
    Ok(package)
}

/// The answer that tells of a file.
pub(super) fn view(
    files: &BlobStore,
    tenant: &TenantId,
    blob: &BlobInfo,
    status: u16,
) -> Result<Response, Problem> {
    let created_at = i64::try_from(blob.created_at).ok();
    let created_at = created_at.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let view = BlobView {
        id: &blob.id,
        name: &blob.name,
        content_type: &blob.content_type,
        size: blob.size_bytes,
        digest: &blob.digest,
        public: blob.public,
        url: blob.public_path(tenant).unwrap_or_else(|| {
            let expires_at = files.ports.clock.now().saturating_add(LINK_MS);
            files.link(tenant, &blob.id, expires_at)
        }),
        created_at: created_at.unwrap_or_default().to_string(),
    };
    let body = serde_json::to_vec(&view).map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.into(),
        source: Source::Handler,
    })
}
