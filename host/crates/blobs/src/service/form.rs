//! The field `file` of a `multipart/form-data` body (RFC 7578), as it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use multer::{Field, Multipart};
use stoa_kernel::call::Chunks;
use stoa_kernel::error::Problem;

/// The field that matters.
const FIELD: &str = "file";

/// Bytes that may come before the file's own: boundaries, headers, small fields. The parser holds them in memory.
const PREAMBLE_BYTES_MAX: usize = 64 << 10;

/// A form whose file is being read.
pub(super) struct Form {
    parts: Multipart<'static>,
    /// As the client calls it.
    pub name: String,
    /// What the client takes it for.
    pub declared: String,
    field: Option<Field<'static>>,
}

/// The boundary of a form; none if the body is none.
pub(super) fn boundary(content_type: &str) -> Option<Result<String, Problem>> {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    Some(multer::parse_boundary(content_type).map_err(malformed))
}

/// Reads on until the file begins.
pub(super) async fn open(chunks: Chunks, boundary: String) -> Result<Form, Problem> {
    let reached = Arc::new(AtomicBool::new(false));
    let paced = Paced {
        chunks,
        before: 0,
        reached: Arc::clone(&reached),
        rests: false,
    };
    let mut parts = Multipart::new(paced, boundary);
    while let Some(field) = parts.next_field().await.map_err(malformed)? {
        if field.name() == Some(FIELD) {
            reached.store(true, Ordering::Relaxed);
            let declared = field.content_type().map(ToString::to_string);
            return Ok(Form {
                name: field.file_name().unwrap_or_default().to_owned(),
                declared: declared.unwrap_or_default(),
                field: Some(field),
                parts,
            });
        }
    }
    Err(Problem::invalid(FIELD, "The form has no field `file`."))
}

impl Form {
    /// The file's bytes. They end well only if the form goes on after them as it should.
    pub(super) fn into_chunks(self) -> Chunks {
        futures::stream::try_unfold(self, async |mut form| {
            let Some(field) = &mut form.field else {
                return Ok(None);
            };
            if let Some(bytes) = field.chunk().await.map_err(io::Error::other)? {
                return Ok(Some((bytes, form)));
            }
            form.field = None;
            form.parts.next_field().await.map_err(io::Error::other)?;
            Ok(None)
        })
        .boxed()
    }
}

fn malformed(error: multer::Error) -> Problem {
    Problem::new(400, "invalid-body", "The form is malformed or ended early.")
        .because(error.to_string())
}

/// Hands one piece at a time to the parser, which else would hold as many as have arrived, and no more than a few
/// before the file begins.
struct Paced {
    chunks: Chunks,
    before: usize,
    reached: Arc<AtomicBool>,
    rests: bool,
}

impl Stream for Paced {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rests {
            self.rests = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.chunks.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.rests = true;
            if !self.reached.load(Ordering::Relaxed) {
                self.before = self.before.saturating_add(bytes.len());
                // The piece that pushes it over the bound may hold the file's beginning.
                if self.before.saturating_sub(bytes.len()) > PREAMBLE_BYTES_MAX {
                    return Poll::Ready(Some(Err(io::Error::other("too much before the file"))));
                }
            }
        }
        next
    }
}
