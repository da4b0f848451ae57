//! Bytes on their way in: counted, judged by their beginning, digested, and handed to the storage.

use std::collections::BTreeSet;
use std::io;

use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use stoa_kernel::hex::hex;

use bytes::Bytes;

use crate::kind;
use crate::storage::{StorageError, Writer};

/// What the client says, and what it may send.
pub struct Terms<'a> {
    /// The media type that the client names; may be empty.
    pub declared: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// Bytes that it may have.
    pub bytes_max: u64,
    /// Media types that are taken.
    pub kinds: &'a BTreeSet<String>,
}

/// What has come in.
#[derive(Debug)]
pub struct Received {
    /// What it is.
    pub kind: &'static str,
    /// How much.
    pub size_bytes: u64,
    /// SHA-256 in hex.
    pub digest: String,
}

/// Why nothing has come in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// More than the terms say.
    #[error("more than {0} bytes")]
    TooLarge(u64),
    /// Of a kind that is not taken, or not what the client says.
    #[error("{0}")]
    Kind(String),
    /// Nothing at all.
    #[error("the file is empty")]
    Empty,
    /// The client went away or was too slow.
    #[error("the upload ended early: {0}")]
    Cut(#[from] io::Error),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Takes all of the bytes, as fast as the storage does. After an error nothing of them is left.
pub async fn receive(
    chunks: impl Stream<Item = io::Result<Bytes>> + Unpin,
    mut writer: Writer,
    terms: &Terms<'_>,
) -> Result<Received, IntakeError> {
    match pass(chunks, &mut writer, terms).await {
        Ok(received) => {
            writer.finish().await?;
            Ok(received)
        }
        Err(error) => {
            writer.abort().await;
            Err(error)
        }
    }
}

async fn pass(
    mut chunks: impl Stream<Item = io::Result<Bytes>> + Unpin,
    writer: &mut Writer,
    terms: &Terms<'_>,
) -> Result<Received, IntakeError> {
    let (mut hash, mut size_bytes) = (Sha256::new(), 0_u64);
    let (mut head, mut kind) = (Vec::new(), None);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        size_bytes = size_bytes.saturating_add(chunk.len() as u64);
        if size_bytes > terms.bytes_max {
            return Err(IntakeError::TooLarge(terms.bytes_max));
        }
        if kind.is_none() {
            let wanted = kind::HEAD_BYTES.saturating_sub(head.len());
            head.extend_from_slice(chunk.get(..wanted).unwrap_or(&chunk));
            if head.len() >= kind::HEAD_BYTES {
                kind = Some(judge(&head, false, terms)?);
            }
        }
        hash.update(&chunk);
        writer.write(&chunk).await?;
    }
    if size_bytes == 0 {
        return Err(IntakeError::Empty);
    }
    let kind = match kind {
        Some(kind) => kind,
        None => judge(&head, true, terms)?,
    };
    Ok(Received {
        kind,
        size_bytes,
        digest: hex(&hash.finalize()),
    })
}

/// What the bytes are, if that is taken.
///
/// # Errors
/// [`IntakeError::Kind`].
pub fn judge(head: &[u8], is_all: bool, terms: &Terms<'_>) -> Result<&'static str, IntakeError> {
    let found = kind::found(head, is_all, terms.declared, terms.name);
    let found = found.ok_or_else(|| IntakeError::Kind("Nobody knows what this file is.".into()))?;
    if kind::is_disguised(found, terms.declared) {
        let told = format!("The file is {found}, which is not what the request says.");
        return Err(IntakeError::Kind(told));
    }
    if !terms.kinds.contains(found) {
        return Err(IntakeError::Kind(format!(
            "Files of the type {found} are not taken."
        )));
    }
    Ok(found)
}
