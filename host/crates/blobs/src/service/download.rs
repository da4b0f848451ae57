//! Files on their way out: pictures for everybody, anything else by signed link.

use std::num::NonZeroU64;

use bytes::Bytes;
use stoa_kernel::blob::{BlobInfo, Blobs as _};
use stoa_kernel::call::{Content, Request, Source, Streamed};
use stoa_kernel::error::{More, Problem};
use stoa_kernel::id::TenantId;
use stoa_kernel::random::ulid_time;

use super::{Inner, blob_problem, param, storage_problem, store_problem};
use crate::kind::is_image;
use crate::name::disposition;
use crate::range::{Asked, asked};

/// For ever: the bytes of an id never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Whatever a browser takes the bytes for, nothing in them runs.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// `GET /media/{tenant}/{id}`.
pub(super) async fn picture(inner: &Inner, request: &Request) -> Result<Streamed, Problem> {
    let id = param(request, "id");
    let tenant = TenantId::parse(param(request, "tenant"));
    let (Ok(tenant), Some(_)) = (tenant, ulid_time(id)) else {
        return Err(Problem::not_found());
    };
    if !inner.has_files(&tenant, id).await? {
        return Err(Problem::not_found());
    }
    let blob = find(inner, &tenant, id).await?;
    if !blob.public || !is_image(&blob.content_type) {
        return Err(Problem::not_found());
    }
    let headers = vec![
        ("cache-control", FOR_EVER.to_owned()),
        ("content-disposition", disposition("inline", &blob.name)),
        // Pages of the shop may lie elsewhere.
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
    ];
    answer(inner, &tenant, &blob, request, headers).await
}

/// `GET /files/{token}`.
pub(super) async fn download(inner: &Inner, request: &Request) -> Result<Streamed, Problem> {
    let claim = inner.files.claim(param(request, "token"));
    let claim = claim.ok_or_else(Problem::not_found)?;
    let blob = find(inner, &claim.tenant, &claim.id).await?;
    let headers = vec![
        ("cache-control", "private, no-store".to_owned()),
        ("content-disposition", disposition("attachment", &blob.name)),
    ];
    answer(inner, &claim.tenant, &blob, request, headers).await
}

async fn find(inner: &Inner, tenant: &TenantId, id: &str) -> Result<BlobInfo, Problem> {
    let unit = inner.files.ports.store.begin(tenant).await;
    let unit = unit.map_err(store_problem)?;
    let found = inner.files.stat(&*unit, id).await.map_err(blob_problem)?;
    found.ok_or_else(Problem::not_found)
}

async fn answer(
    inner: &Inner,
    tenant: &TenantId,
    blob: &BlobInfo,
    request: &Request,
    headers: Vec<(&str, String)>,
) -> Result<Streamed, Problem> {
    let (etag, size) = (format!("\"{}\"", blob.digest), blob.size_bytes);
    let asked = asked(&request.headers, &etag, size);
    let mut headers: Vec<(String, String)> = headers
        .into_iter()
        .chain([
            ("content-type", blob.content_type.clone()),
            ("content-security-policy", SANDBOX.to_owned()),
            ("accept-ranges", "bytes".to_owned()),
            ("etag", etag),
        ])
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let (status, range) = match asked {
        Asked::Same => {
            return Ok(Streamed {
                status: 304,
                headers,
                content: Content::Bytes(Bytes::new()),
                source: Source::Handler,
            });
        }
        Asked::Beyond => {
            return Err(Problem {
                more: Some(Box::new(More {
                    range_bytes: NonZeroU64::new(size),
                    ..More::default()
                })),
                ..Problem::new(
                    416,
                    "range-not-satisfiable",
                    format!("There are {size} bytes."),
                )
            });
        }
        Asked::All => (200, 0..size),
        Asked::Part(range) => {
            let (first, last) = (range.start, range.end.saturating_sub(1));
            headers.push((
                "content-range".into(),
                format!("bytes {first}-{last}/{size}"),
            ));
            (206, range)
        }
    };
    let length = range.end.saturating_sub(range.start);
    let chunks = inner.files.storage.stream(tenant, &blob.id, range).await;
    let chunks = chunks.map_err(storage_problem)?;
    let chunks = chunks
        .ok_or_else(|| Problem::internal(format!("the bytes of {tenant}/{} are gone", blob.id)))?;
    Ok(Streamed {
        status,
        headers,
        content: Content::Stream { length, chunks },
        source: Source::Handler,
    })
}
