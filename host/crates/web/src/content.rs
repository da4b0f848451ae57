//! The body of an answer on its way to the client: from memory, or as fast as the client takes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use hyper::body::{Body, Frame, SizeHint};
use stoa_kernel::call;

/// A body. What is streamed is fetched when the connection has room for it, and never held.
pub(crate) struct Content(call::Content);

impl Content {
    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        self.0.length()
    }

    /// Nothing.
    pub(crate) const fn empty() -> Self {
        Self(call::Content::Bytes(Bytes::new()))
    }

    /// The bytes of a body in memory.
    pub(crate) const fn in_memory(&self) -> Option<&Bytes> {
        match &self.0 {
            call::Content::Bytes(bytes) => Some(bytes),
            call::Content::Stream { .. } => None,
        }
    }

    /// All of it.
    pub(crate) async fn collect(self) -> io::Result<Bytes> {
        match self.0 {
            call::Content::Bytes(bytes) => Ok(bytes),
            call::Content::Stream { chunks, .. } => {
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
        Self(call::Content::Bytes(bytes))
    }
}

impl From<call::Content> for Content {
    fn from(content: call::Content) -> Self {
        Self(content)
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
            call::Content::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            call::Content::Bytes(bytes) => {
                let all = std::mem::take(bytes);
                Poll::Ready(Some(Ok(Frame::data(all))))
            }
            call::Content::Stream { length, chunks } => {
                let next = ready!(chunks.poll_next_unpin(context));
                if let Some(Ok(bytes)) = &next {
                    *length = length.saturating_sub(bytes.len() as u64);
                }
                if let Some(Err(error)) = &next {
                    tracing::warn!(%error, "an answer ends early");
                }
                Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
