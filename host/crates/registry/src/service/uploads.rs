//! `POST /api/platform/plugins`: a file on its way in.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use serde::Serialize;
use stoa_kernel::call::{Incoming, Request, Streamed};
use stoa_kernel::error::Problem;
use stoa_kernel::limits::PLUGIN_BYTES_MAX;
use stoa_kernel::wire::json;
use utoipa::ToSchema;

use super::views::RevisionView;
use super::{Inner, who};
use crate::diff::Diff;
use crate::upload::Uploaded;

/// Uploads of vendors at the same time: each is held in memory as a whole, 32 MiB at most. Operators wait for none of them.
pub const AT_ONCE_MAX: usize = 4;

/// The same of one account: nobody is to hold all of them.
pub const PER_ACCOUNT_MAX: u32 = 1;

/// Seconds of one upload: 32 MiB over a slow line.
const UPLOAD_S_MAX: u64 = 300;

/// Seconds after which a place may be free.
const RETRY_AFTER_S: u32 = 5;

/// A plugin's file that was taken.
#[derive(Serialize, ToSchema)]
pub struct UploadedPlugin {
    #[serde(flatten)]
    revision: RevisionView,
    /// How it differs from what serves the deployment.
    diff: Diff,
}

/// Takes the file, to its end even if whoever sends it goes away.
pub async fn upload(inner: &Inner, request: &Request, body: Incoming) -> Result<Streamed, Problem> {
    let who = who(request)?;
    expect_wasm(request)?;
    let own = inner.uploaders.enter(&who.account);
    let own = own.ok_or_else(|| Problem {
        retry_after_s: Some(RETRY_AFTER_S),
        ..Problem::new(429, "too-many-uploads", "Let your other upload end first.")
    })?;
    let place = match who.is_operator() {
        true => None,
        false => Some(Arc::clone(&inner.uploads).try_acquire_owned()),
    };
    let place = place.transpose().map_err(|_| Problem {
        retry_after_s: Some(RETRY_AFTER_S),
        ..Problem::new(503, "busy", "There is too much to do right now.")
    })?;
    if body
        .length
        .is_some_and(|length| length > PLUGIN_BYTES_MAX as u64)
    {
        return Err(too_large());
    }
    let within = Duration::from_secs(UPLOAD_S_MAX);
    let read = tokio::time::timeout(within, read(body)).await;
    let slow = |_| Problem::new(408, "request-timeout", "The file took too long to arrive.");
    let file = read.map_err(slow)??;
    let registry = Arc::clone(&inner.registry);
    let task = tokio::spawn(async move {
        let _places = (own, place);
        registry.upload(&who, file).await
    });
    let uploaded = task.await;
    let uploaded = uploaded.map_err(|error| Problem::internal(error.to_string()))??;
    Ok(json(201, &UploadedPlugin::from(uploaded))?.into())
}

impl From<Uploaded> for UploadedPlugin {
    fn from(uploaded: Uploaded) -> Self {
        let permissions = uploaded.package.manifest.permissions();
        Self {
            revision: RevisionView::of(
                uploaded.digest,
                uploaded.revision,
                uploaded.signed_by,
                permissions,
            ),
            diff: uploaded.diff,
        }
    }
}

fn expect_wasm(request: &Request) -> Result<(), Problem> {
    let mut headers = request.headers.iter();
    let kind = headers.find(|(name, _)| name == "content-type");
    let kind = kind.map_or("", |(_, value)| value.as_str());
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/wasm") {
        return Ok(());
    }
    let detail = "Send the plugin's file itself as application/wasm.";
    Err(Problem::new(415, "unsupported-media-type", detail))
}

async fn read(mut body: Incoming) -> Result<Bytes, Problem> {
    let mut file = BytesMut::new();
    while let Some(chunk) = body.chunks.next().await {
        let chunk = chunk.map_err(|error: io::Error| {
            Problem::new(400, "invalid-body", "The file ended early.").because(error.to_string())
        })?;
        if file.len() + chunk.len() > PLUGIN_BYTES_MAX {
            return Err(too_large());
        }
        file.extend_from_slice(&chunk);
    }
    Ok(file.freeze())
}

fn too_large() -> Problem {
    let detail = format!("A plugin's file has at most {PLUGIN_BYTES_MAX} bytes.");
    Problem::new(413, "body-too-large", detail)
}
