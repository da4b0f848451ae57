//! The body of an answer on its way to the client: from memory, or as fast as the client takes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use hyper::body::{Body, Frame, SizeHint};
use stoa_kernel::call;

/// A body. What is streamed is fetched when the connection has room for it, and never held.
pub(crate) struct Content(Inner);

enum Inner {
    /// Of known length.
    Known(call::Content),
    /// Until whoever sends it has nothing more to tell.
    Endless(call::Chunks),
}

impl Content {
    /// How many bytes it has; none if nobody knows.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.0 {
            Inner::Known(content) => Some(content.length()),
            Inner::Endless(_) => None,
        }
    }

    /// Nothing.
    pub(crate) const fn empty() -> Self {
        Self(Inner::Known(call::Content::Bytes(Bytes::new())))
    }

    /// What is told as it happens.
    pub(crate) fn endless(chunks: call::Chunks) -> Self {
        Self(Inner::Endless(chunks))
    }

    /// The bytes of a body in memory.
    pub(crate) const fn in_memory(&self) -> Option<&Bytes> {
        match &self.0 {
            Inner::Known(call::Content::Bytes(bytes)) => Some(bytes),
            Inner::Known(call::Content::Stream { .. }) | Inner::Endless(_) => None,
        }
    }

    /// All of it.
    pub(crate) async fn collect(self) -> io::Result<Bytes> {
        match self.0 {
            Inner::Known(call::Content::Bytes(bytes)) => Ok(bytes),
            Inner::Known(call::Content::Stream { chunks, .. }) | Inner::Endless(chunks) => {
                let collected = chunks.try_fold(Vec::new(), async |mut all, bytes| {
                    all.extend_from_slice(&bytes);
                    Ok(all)
                });
                collected.await.map(Bytes::from)
            }
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self(Inner::Known(call::Content::Bytes(bytes)))
    }
}

impl From<call::Content> for Content {
    fn from(content: call::Content) -> Self {
        Self(Inner::Known(content))
    }
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut self.0 {
            Inner::Known(call::Content::Bytes(bytes)) if bytes.is_empty() => Poll::Ready(None),
            Inner::Known(call::Content::Bytes(bytes)) => {
                let all = std::mem::take(bytes);
                Poll::Ready(Some(Ok(Frame::data(all))))
            }
            Inner::Known(call::Content::Stream { length, chunks }) => {
                let next = ready!(chunks.poll_next_unpin(context));
                if let Some(Ok(bytes)) = &next {
                    *length = length.saturating_sub(bytes.len() as u64);
                }
                if let Some(Err(error)) = &next {
                    tracing::warn!(%error, "an answer ends early");
                }
                Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
            }
            Inner::Endless(chunks) => {
                let next = ready!(chunks.poll_next_unpin(context));
                Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.length()
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
