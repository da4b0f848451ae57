//! When to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when the system or a person asks the host to stop: SIGTERM or Ctrl-C. From then on a second
/// Ctrl-C ends the process at once, because whoever presses it again has waited long enough.
///
/// # Errors
/// When the system refuses to deliver signals.
pub fn requested() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping; press Ctrl-C to stop at once");
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(EXIT_CODE_INTERRUPTED);
        });
    })
}

/// What shells show for a process that Ctrl-C ended: 128 and the signal's number.
const EXIT_CODE_INTERRUPTED: i32 = 130;
