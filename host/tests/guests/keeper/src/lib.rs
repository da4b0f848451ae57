//! Keeps files; the host's tests drive it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::blobs::{self, Info};
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

/// A file to be kept.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFile {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub content: String,
    /// How often.
    pub times: usize,
    /// Whether the request fails after it was kept.
    pub fail: bool,
}

fn keep(Json(file): Json<NewFile>) -> Result<Created<Json<Value>>> {
    let kept = blobs::write(&file.name, file.content.repeat(file.times).as_bytes())?;
    // Its own write is there for the rest of the request.
    let read = blobs::read(&kept.id, 0, 4)?;
    if file.fail {
        return Err(Problem::conflict(
            "failed",
            format!("{} {}", kept.id, read.len()),
        ));
    }
    Ok(Created(Json(view(&kept))))
}

fn known(Path(id): Path<String>) -> Result<Json<Value>> {
    let info = blobs::stat(&id)?.ok_or_else(|| Problem::not_found("file"))?;
    Ok(Json(view(&info)))
}

fn part(Path((id, offset, length)): Path<(String, u64, u32)>) -> Result<Json<Value>> {
    let bytes = blobs::read(&id, offset, length)?;
    Ok(Json(json!({ "text": String::from_utf8_lossy(&bytes) })))
}

fn link(Path((id, seconds)): Path<(String, u32)>) -> Result<Json<Value>> {
    Ok(Json(json!({ "link": blobs::link(&id, seconds)? })))
}

fn remove(Path(id): Path<String>) -> Result<Json<Value>> {
    Ok(Json(json!({ "removed": blobs::remove(&id)? })))
}

fn view(info: &Info) -> Value {
    json!({
        "id": info.id, "name": info.name, "contentType": info.content_type, "sizeBytes": info.size_bytes,
        "digest": info.digest, "owner": info.owner, "createdAtMs": info.created_at_ms,
        "publicPath": info.public_path,
    })
}
