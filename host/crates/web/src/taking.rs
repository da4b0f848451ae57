//! Answers on a connection of HTTP/2, and clients that do not take them.
//!
//! There each answer has a window of its own (RFC 9113, 5.2): a client that opens none holds every answer that it asks
//! for, while it answers pings and its line stalls nobody. So each answer is handed over in small pieces that say when
//! they are gone. Nor does anything else end a connection there that answers pings and asks for nothing.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::content::Content;

/// Bytes of a piece, of which a client has to take one before the patience with it ends: the largest frame that every
/// client takes (RFC 9113, 4.2), and little enough for many answers at once on a slow line.
const PIECE_BYTES: usize = 16 << 10;

/// How often answers are looked at while the patience with a client lasts.
const LOOKS: u32 = 4;

/// The requests of one connection and their answers, until those are taken.
pub(crate) struct Takings {
    patience: Patience,
    under_way: Mutex<UnderWay>,
    begun: Notify,
}

/// How long a client may let the host wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For it to take something of an answer.
    pub taking: Duration,
    /// For its next request.
    pub idle: Duration,
}

#[derive(Default)]
struct UnderWay {
    all: Vec<Weak<Taking>>,
    /// Since when there are none.
    idle_since: Option<Instant>,
}

/// One of them: since when its answer waits for the client; none while the client waits for it.
#[derive(Default)]
pub(crate) struct Taking(Mutex<Option<Instant>>);

impl Takings {
    /// None yet.
    pub(crate) fn new(patience: Patience) -> Self {
        Self {
            patience,
            under_way: Mutex::default(),
            begun: Notify::new(),
        }
    }

    /// A request has come.
    pub(crate) fn begin(&self) -> Arc<Taking> {
        let taking = Arc::new(Taking::default());
        let mut under_way = self.under_way();
        under_way.all.retain(|taking| taking.strong_count() > 0);
        under_way.all.push(Arc::downgrade(&taking));
        under_way.idle_since = None;
        self.begun.notify_one();
        taking
    }

    /// Ends when a client has asked for something and then let the host wait for too long.
    pub(crate) async fn stalled(&self) {
        self.begun.notified().await;
        while !self.has_waited() {
            sleep(self.patience.taking / LOOKS).await;
        }
    }

    fn has_waited(&self) -> bool {
        let mut under_way = self.under_way();
        let UnderWay { all, idle_since } = &mut *under_way;
        all.retain(|taking| taking.strong_count() > 0);
        if all.is_empty() {
            let since = idle_since.get_or_insert_with(Instant::now);
            return since.elapsed() >= self.patience.idle;
        }
        let since = |taking: Arc<Taking>| *taking.since();
        let mut waiting = all.iter().filter_map(Weak::upgrade).filter_map(since);
        waiting.any(|since| since.elapsed() >= self.patience.taking)
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taking {
    /// The answer to the request.
    pub(crate) fn answer(self: Arc<Self>, content: Content) -> Answer {
        *self.since() = Some(Instant::now());
        Answer {
            content,
            rest: Bytes::new(),
            taking: Some(self),
        }
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of an answer, in pieces if it is watched.
pub(crate) struct Answer {
    content: Content,
    /// Of what the content gave, what is not handed over yet.
    rest: Bytes,
    taking: Option<Arc<Taking>>,
}

impl From<Content> for Answer {
    /// One that the line alone holds up.
    fn from(content: Content) -> Self {
        Self {
            content,
            rest: Bytes::new(),
            taking: None,
        }
    }
}

/// Bytes of an answer that are not taken for as long as they are here.
struct Piece {
    bytes: Bytes,
    _taking: Arc<Taking>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Answer {
    fn piece(&mut self, taking: &Arc<Taking>) -> Bytes {
        *taking.since() = Some(Instant::now());
        let bytes = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        Bytes::from_owner(Piece {
            bytes,
            _taking: Arc::clone(taking),
        })
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(taking) = self.taking.clone() else {
            return Pin::new(&mut self.content).poll_frame(context);
        };
        // It is asked for more only while there is room for it.
        *taking.since() = None;
        while self.rest.is_empty() {
            let frame = match Pin::new(&mut self.content).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                ended @ Poll::Ready(_) => {
                    *taking.since() = Some(Instant::now());
                    return ended;
                }
                Poll::Pending => return Poll::Pending,
            };
            match frame.into_data() {
                Ok(bytes) => self.rest = bytes,
                Err(other) => return Poll::Ready(Some(Ok(other))),
            }
        }
        let piece = self.piece(&taking);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let content = self.content.length();
        content.map_or_else(SizeHint::default, |length| {
            SizeHint::with_exact(length.saturating_add(rest))
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::convert::Infallible;

    use h2::client;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
    use tokio::io::DuplexStream;

    use super::*;

    /// Longer than any test takes.
    const NEVER: Duration = Duration::from_secs(3_600);

    const BYTES: usize = 10 * PIECE_BYTES + 1;

    /// Serves this line until it ends, or the client takes too little.
    async fn serve(line: DuplexStream, patience: Patience) -> &'static str {
        let takings = Arc::new(Takings::new(patience));
        let service = service_fn({
            let takings = Arc::clone(&takings);
            move |_| {
                let content = Content::from(Bytes::from(vec![7; BYTES]));
                let answer = takings.begin().answer(content);
                async move { Ok::<_, Infallible>(http::Response::new(answer)) }
            }
        });
        let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        tokio::select! {
            _ = builder.serve_connection(TokioIo::new(line), service) => "ended",
            () = takings.stalled() => "stalled",
        }
    }

    async fn ask(line: DuplexStream, window: u32) -> (client::SendRequest<Bytes>, h2::RecvStream) {
        let mut builder = client::Builder::new();
        builder.initial_window_size(window);
        let (asking, connection) = builder.handshake(line).await.unwrap();
        tokio::spawn(connection);
        let mut asking = asking.ready().await.unwrap();
        let request = http::Request::get("http://a/").body(()).unwrap();
        let (answer, _) = asking.send_request(request, true).unwrap();
        (asking, answer.await.unwrap().into_body())
    }

    #[tokio::test]
    async fn who_opens_no_window_is_left_after_a_while() {
        let piece = u32::try_from(PIECE_BYTES).unwrap();
        for window in [0, 1, piece + 1, 3 * piece] {
            let (ours, theirs) = tokio::io::duplex(1 << 20);
            let patience = Patience {
                taking: Duration::from_millis(200),
                idle: NEVER,
            };
            let serving = tokio::spawn(serve(ours, patience));
            let begun = Instant::now();
            let held = ask(theirs, window).await;
            assert_eq!(serving.await.unwrap(), "stalled", "{window}");
            assert!(begun.elapsed() >= patience.taking);
            drop(held);
        }
    }

    #[tokio::test]
    async fn who_takes_slowly_gets_all_of_it_and_may_then_be_silent_for_a_while() {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let patience = Patience {
            taking: Duration::from_secs(2),
            idle: Duration::from_secs(4),
        };
        let serving = tokio::spawn(serve(ours, patience));
        let window = u32::try_from(PIECE_BYTES).unwrap();
        let begun = Instant::now();
        let (asking, mut body) = ask(theirs, window).await;
        let mut taken = 0;
        while let Some(data) = body.data().await {
            let data = data.unwrap();
            taken += data.len();
            sleep(patience.taking / 8).await;
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        assert_eq!(taken, BYTES);
        assert!(begun.elapsed() > patience.taking);
        drop(body);
        let silent = Instant::now();
        assert_eq!(serving.await.unwrap(), "stalled");
        assert!(silent.elapsed() >= patience.idle / 2);
        drop(asking);
    }
}
