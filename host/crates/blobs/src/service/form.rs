//! The field `file` of a `multipart/form-data` body (RFC 7578), as it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use multer::{Field, Multipart};
use stoa_kernel::call::Chunks;
use stoa_kernel::error::Problem;

/// The field that matters.
const FIELD: &str = "file";

/// Bytes that may come before the file's own, and as many behind them: boundaries, headers, small fields. The parser holds
/// them in memory.
const BESIDE_BYTES_MAX: usize = 64 << 10;

/// What is counted beside the file while it comes.
const WITHIN: usize = usize::MAX;

/// A form whose file is being read.
pub(super) struct Form {
    parts: Multipart<'static>,
    /// As the client calls it.
    pub name: String,
    /// What the client takes it for.
    pub declared: String,
    field: Option<Field<'static>>,
    beside: Arc<AtomicUsize>,
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
    let beside = Arc::new(AtomicUsize::new(0));
    let paced = Paced {
        chunks,
        beside: Arc::clone(&beside),
        rests: false,
    };
    let mut parts = Multipart::new(paced, boundary);
    while let Some(field) = parts.next_field().await.map_err(malformed)? {
        if field.name() == Some(FIELD) {
            beside.store(WITHIN, Ordering::Relaxed);
            let declared = field.content_type().map(ToString::to_string);
            return Ok(Form {
                name: field.file_name().unwrap_or_default().to_owned(),
                declared: declared.unwrap_or_default(),
                field: Some(field),
                beside,
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
            form.beside.store(0, Ordering::Relaxed);
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
/// beside the file.
struct Paced {
    chunks: Chunks,
    /// Bytes that have come beside the file, or [`WITHIN`].
    beside: Arc<AtomicUsize>,
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
            let beside = self.beside.load(Ordering::Relaxed);
            if beside != WITHIN {
                // The piece that pushes it over the bound may hold the file's beginning.
                if beside > BESIDE_BYTES_MAX {
                    return Poll::Ready(Some(Err(io::Error::other("too much beside the file"))));
                }
                let with_it = beside.saturating_add(bytes.len()).min(WITHIN - 1);
                self.beside.store(with_it, Ordering::Relaxed);
            }
        }
        next
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use futures::TryStreamExt as _;
    use futures::stream;

    use super::*;

    const HEAD: &str = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nhello\r\n--b";

    /// What is read of a form whose head is followed by this piece, again and again, and how many of them were taken.
    async fn read(piece: &'static str) -> (Result<Vec<Bytes>, io::Error>, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let endless = stream::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from_static(piece.as_bytes()))
        });
        let head = stream::once(async { Ok(Bytes::from_static(HEAD.as_bytes())) });
        let form = open(head.chain(endless).boxed(), "b".into()).await.unwrap();
        let bytes = form.into_chunks().try_collect().await;
        (bytes, taken.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_follows_a_file_without_end_is_refused_before_it_fills_the_memory() {
        const PIECE: &str = concat!(
            "\r\nx: ",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        );
        let (read, taken) = read(PIECE).await;
        assert!(read.is_err());
        assert!(
            taken * PIECE.len() <= BESIDE_BYTES_MAX + 4 * PIECE.len(),
            "{taken}"
        );
    }

    #[tokio::test]
    async fn a_form_ends_behind_its_file() {
        let (read, _) = read("--\r\n").await;
        assert_eq!(read.unwrap().concat(), b"hello");
    }
}
