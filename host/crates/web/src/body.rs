//! A request's body, read within bounds of size and time.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use stoa_kernel::call::Incoming as OnItsWay;
use stoa_kernel::error::Problem;

use crate::config::EdgeConfig;

/// Milliseconds for the next piece of a body that is taken as it comes: who sends nothing for so long has gone.
const CHUNK_MS_MAX: u64 = 30_000;

/// A body that is still on its way, or already here.
pub(crate) enum Body {
    /// On a connection.
    Wire(Incoming),
    /// In memory.
    Memory(Bytes),
}

impl Body {
    /// Whether there is none; known before anything is read.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Wire(incoming) => incoming.is_end_stream(),
            Self::Memory(bytes) => bytes.is_empty(),
        }
    }

    /// All of it, as it comes and as it is wanted: the client sends no more than fits on the way.
    pub(crate) fn on_its_way(self) -> OnItsWay {
        match self {
            Self::Memory(bytes) => OnItsWay {
                length: Some(bytes.len() as u64),
                chunks: futures::stream::iter([Ok(bytes)]).boxed(),
            },
            Self::Wire(incoming) => OnItsWay {
                length: incoming.size_hint().exact(),
                chunks: futures::stream::try_unfold(incoming, next_chunk).boxed(),
            },
        }
    }

    /// All of it. A body that says that it is too long is refused before a byte of it is read, one that
    /// does not as soon as it has become too long.
    pub(crate) async fn read(self, config: &EdgeConfig) -> Result<Bytes, Problem> {
        self.read_at_most(config.body_bytes_max, config).await
    }

    /// The same where no body is as long as the configuration allows.
    pub(crate) async fn read_at_most(
        self,
        bytes_max: usize,
        config: &EdgeConfig,
    ) -> Result<Bytes, Problem> {
        match self {
            Self::Memory(bytes) if bytes.len() <= bytes_max => Ok(bytes),
            Self::Memory(_) => Err(too_large(bytes_max)),
            Self::Wire(incoming) if incoming.is_end_stream() => Ok(Bytes::new()),
            Self::Wire(incoming) if incoming.size_hint().lower() > bytes_max as u64 => {
                Err(too_large(bytes_max))
            }
            Self::Wire(incoming) => {
                let within = Duration::from_millis(config.request_ms_max);
                let read = Limited::new(incoming, bytes_max).collect();
                match tokio::time::timeout(within, read).await {
                    Ok(Ok(collected)) => Ok(collected.to_bytes()),
                    Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
                    Ok(Err(error)) => Err(broken().because(error.to_string())),
                    Err(_) => Err(too_slow()),
                }
            }
        }
    }
}

/// The next piece and what remains; none at the end. Trailers mean nothing here.
async fn next_chunk(mut incoming: Incoming) -> io::Result<Option<(Bytes, Incoming)>> {
    let within = Duration::from_millis(CHUNK_MS_MAX);
    loop {
        match tokio::time::timeout(within, incoming.frame()).await {
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some((bytes, incoming)));
                }
            }
            Ok(Some(Err(error))) => return Err(io::Error::other(error)),
            Ok(None) => return Ok(None),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        413,
        "body-too-large",
        format!("A body has at most {bytes_max} bytes."),
    )
}

fn too_slow() -> Problem {
    Problem::new(408, "request-timeout", "The body took too long to arrive.")
}

fn broken() -> Problem {
    Problem::new(400, "invalid-body", "The body ended early or is malformed.")
}
