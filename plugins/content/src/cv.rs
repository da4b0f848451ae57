//! CVs: files that applicants send, kept as blobs of the host and handed out by signed link.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::check;

/// Bytes of a CV: what a plugin may hand to the host at once.
pub const CV_BYTES_MAX: usize = 1 << 20;

/// What a CV may be: documents that people write CVs in. The host looks at the bytes and tells what they are.
const KINDS: [&str; 5] = [
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "text/plain",
];

/// Seconds that a link to a CV is good: long enough to click it.
const LINK_SECONDS: u32 = 600;

/// A file within JSON.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFile {
    /// The file's name.
    pub name: String,
    /// The file in base64: PDF, Word, OpenDocument or plain text, at most 1 MiB.
    pub content: String,
}

/// A CV that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cv {
    pub blob: String,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
}

/// Where to fetch a CV.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CvLink {
    /// A path on this host, for whoever has it.
    pub url: String,
    /// Seconds that it is good for.
    pub expires_in: u32,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
}

impl Cv {
    /// Keeps a file that came along with an application.
    pub fn sent(file: &NewFile) -> Result<Self> {
        // Four letters of base64 are three bytes.
        if file.content.len() / 4 * 3 > CV_BYTES_MAX + 3 {
            return Err(too_large("cv.content"));
        }
        let content = STANDARD.decode(file.content.trim());
        let content =
            content.map_err(|_| Problem::invalid("cv.content", "cv.content is no base64."))?;
        Self::keep("cv", &file.name, &content)
    }

    /// Keeps a copy of a file that the caller has uploaded: what becomes of theirs is theirs to say.
    pub fn uploaded(caller: &Caller, named: &str) -> Result<Self> {
        let id = check::blob_id("cvBlob", named)?;
        let found = blobs::stat(id)?
            .filter(|info| caller.is_signed_in() && info.owner.as_ref() == Some(&caller.id));
        let detail = "There is no such file of yours.";
        let info = found.ok_or_else(|| Problem::invalid("cvBlob", detail))?;
        if info.size_bytes > CV_BYTES_MAX as u64 {
            return Err(too_large("cvBlob"));
        }
        let length = u32::try_from(CV_BYTES_MAX).unwrap_or(u32::MAX);
        let content = blobs::read(id, 0, length)?;
        Self::keep("cvBlob", &info.name, &content)
    }

    fn keep(field: &str, name: &str, content: &[u8]) -> Result<Self> {
        if content.len() > CV_BYTES_MAX {
            return Err(too_large(field));
        }
        let refused = |error: blobs::Error| Problem::from(error).with_field(field);
        let info = blobs::write(name, content).map_err(refused)?;
        if !KINDS.contains(&info.content_type.as_str()) {
            let detail = "A CV is a PDF, a Word or OpenDocument document, or plain text.";
            return Err(Problem::unprocessable(field, detail));
        }
        Ok(Self {
            blob: info.id,
            name: info.name,
            content_type: info.content_type,
            size_bytes: info.size_bytes,
        })
    }

    /// A link to it.
    pub fn link(&self) -> Result<CvLink> {
        Ok(CvLink {
            url: blobs::link(&self.blob, LINK_SECONDS)?,
            expires_in: LINK_SECONDS,
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            size_bytes: self.size_bytes,
        })
    }
}

fn too_large(field: &str) -> Problem {
    let detail = format!("A CV has at most {CV_BYTES_MAX} bytes.");
    Problem::new(413, "too-large", detail).with_field(field)
}
