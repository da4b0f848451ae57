//! Watches whether the engine still answers.
//!
//! The engine's threads wait for each other where a scan begins while a flush of its memory is being written down: a
//! scan locks what waits to be flushed and then the list of files, a flush the list and then what waits
//! (surrealkv 0.21, `Snapshot::collect_iter_state` and `CoreInner::flush_immutable_to_sst`). Nothing in the process can part them. What was
//! acknowledged is on the disk, though, so the process ends and its supervisor starts it anew, instead of
//! keeping everybody waiting for ever.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::Builder;
use std::time::Duration;

use tokio::runtime::Handle;

/// How often the engine is asked something.
pub(crate) const BEAT: Duration = Duration::from_secs(2);

/// Beats without an answer after which it has stopped for good. They are counted rather than timed: a process that was suspended
/// has not waited.
pub(crate) const SILENT_BEATS_MAX: u32 = 15;

/// Runs until it is dropped.
pub(crate) struct Watchdog {
    /// Its end is what the thread hears.
    _alive: Sender<()>,
}

impl Watchdog {
    /// Asks on the engine's runtime at each beat, and despairs when too many go by without an answer.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        runtime: Handle,
        beat: Duration,
        ask: impl Fn() -> F + Send + 'static,
        despair: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (alive, ended) = channel();
        Builder::new().name("stoa-watchdog".into()).spawn(move || {
            let mut answered = Arc::new(AtomicBool::new(true));
            let mut silent_beats = 0;
            while ended.recv_timeout(beat) == Err(RecvTimeoutError::Timeout) {
                if answered.load(Ordering::Acquire) {
                    silent_beats = 0;
                    answered = Arc::new(AtomicBool::new(false));
                    let (asked, answered) = (ask(), Arc::clone(&answered));
                    runtime.spawn(async move {
                        asked.await;
                        answered.store(true, Ordering::Release);
                    });
                    continue;
                }
                silent_beats += 1;
                if silent_beats == SILENT_BEATS_MAX {
                    return despair();
                }
            }
        })?;
        Ok(Self { _alive: alive })
    }
}

/// Ends the process: nobody can be served any more.
pub(crate) fn end_the_process() {
    tracing::error!(
        seconds = BEAT.as_secs() * u64::from(SILENT_BEATS_MAX),
        "the database engine has stopped answering; the process ends to be started anew"
    );
    std::process::abort();
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn an_engine_that_stops_answering_is_given_up() {
        let asked = Arc::new(AtomicU32::new(0));
        let asking = Arc::clone(&asked);
        let ask = move || {
            let number = asking.fetch_add(1, Ordering::Relaxed);
            async move {
                if number == 3 {
                    std::future::pending::<()>().await;
                }
            }
        };
        let (despaired, hears) = tokio::sync::oneshot::channel();
        let despair = move || despaired.send(()).unwrap();
        let _watchdog = Watchdog::start(Handle::current(), SHORT, ask, despair).unwrap();
        hears.await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn it_ends_with_the_engine() {
        let (despaired, hears) = tokio::sync::oneshot::channel::<()>();
        let ask = std::future::pending::<()>;
        let despair = move || despaired.send(()).unwrap();
        let watchdog =
            Watchdog::start(Handle::current(), Duration::from_secs(3_600), ask, despair).unwrap();
        drop(watchdog);
        // The thread's end drops the sender.
        assert!(hears.await.is_err());
    }
}
