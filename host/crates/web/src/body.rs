//! A request's body, read within bounds of size and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use stoa_kernel::error::Problem;

use crate::config::EdgeConfig;

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

    /// All of it. A body that says that it is too long is refused before a byte of it is read, one that
    /// does not as soon as it has become too long.
    pub(crate) async fn read(self, config: &EdgeConfig) -> Result<Bytes, Problem> {
        let bytes_max = config.body_bytes_max;
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
