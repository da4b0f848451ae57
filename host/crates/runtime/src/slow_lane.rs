//! Plugins that compute much get threads of their own that give way to all others.
//!
//! A guest that computes is interrupted at each tick, but has its thread until then, and comes back to it in its
//! turn: a few of them on a machine of few cores would be felt by everybody. So once a call has computed
//! for long, it goes on on threads of lower importance, and what its plugin does next begins there. The system's scheduler then
//! gives it whatever the others leave, which is all of the machine where there are none. It looks only every few milliseconds, though, so
//! these plugins are interrupted more often, and rest when somebody else wanted their core.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use stoa_kernel::importance;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;

/// Computing within one call that makes a plugin slow: more than any page of a shop takes, and than a tick that by chance
/// falls into a busy moment.
pub const SLOW_CPU: Duration = Duration::from_millis(30);

/// How long a plugin counts as slow after its last such call.
const SLOW_FOR: Duration = Duration::from_secs(10);

/// Whether a plugin computes much.
#[derive(Debug)]
pub struct Pace {
    born: Instant,
    /// Milliseconds after `born` until which it counts as slow.
    slow_until_ms: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            born: Instant::now(),
            slow_until_ms: AtomicU64::new(0),
        }
    }
}

impl Pace {
    /// It has computed for long in one call.
    fn note_slow(&self) {
        let until = ms(self.born.elapsed() + SLOW_FOR);
        self.slow_until_ms.store(until, Ordering::Relaxed);
    }

    /// Whether it did so lately.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        let until = self.slow_until_ms.load(Ordering::Relaxed);
        // Most never were: they need not look at the clock.
        until > 0 && ms(self.born.elapsed()) < until
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The threads. They are made when the first plugin turns out to be slow.
#[derive(Default)]
pub struct SlowLane {
    threads: OnceLock<Option<Runtime>>,
    /// Of all slow plugins.
    pace: Arc<Pace>,
}

impl SlowLane {
    /// Whether there are slow plugins.
    pub fn pace(&self) -> Arc<Pace> {
        Arc::clone(&self.pace)
    }

    /// A plugin of this pace has computed for long in one call, and may go on to.
    pub fn note(&self, pace: &Pace) {
        pace.note_slow();
        self.pace.note_slow();
    }

    /// Runs a plugin's work: with all others as long as it is not slow, and from then on here.
    pub async fn run<T: Send + 'static>(
        &self,
        pace: &Pace,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let mut work = Box::pin(work);
        let with_all_others = poll_fn(|context| match self.of(pace) {
            Some(threads) => Poll::Ready(Err(threads)),
            None => work.as_mut().poll(context).map(Ok),
        });
        match with_all_others.await {
            Ok(output) => output,
            Err(threads) => finish(work, &threads).await,
        }
    }

    /// Where a plugin of this pace runs, if not with all others. Also none where the system refuses threads.
    fn of(&self, pace: &Pace) -> Option<Handle> {
        if !pace.is_slow() {
            return None;
        }
        self.pace.note_slow();
        let runtime = self.threads.get_or_init(|| {
            let started = start();
            if let Err(error) = &started {
                tracing::warn!(%error, "slow plugins run with all others");
            }
            started.ok()
        });
        Some(runtime.as_ref()?.handle().clone())
    }
}

/// Runs it to its end on other threads. Whoever drops this drops the work with it.
async fn finish<T: Send + 'static>(
    work: Pin<Box<impl Future<Output = T> + Send + 'static>>,
    threads: &Handle,
) -> T {
    let mut running = JoinSet::new();
    // Its log goes on where it began.
    let work = work.in_current_span().with_current_subscriber();
    running.spawn_on(work, threads);
    match running.join_next().await {
        Some(Ok(output)) => output,
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The host ends, and with it whoever waits.
        _ => pending().await,
    }
}

fn start() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("stoa-slow")
        .on_thread_start(importance::give_way)
        .enable_all()
        .build()
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        // A runtime that is dropped in an async context panics; this neither waits nor panics.
        if let Some(runtime) = self.threads.take().flatten() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_who_was_slow_lately_leaves_the_others() {
        let (lane, pace) = (SlowLane::default(), Pace::default());
        assert!(lane.of(&pace).is_none());
        pace.note_slow();
        assert!(!lane.pace().is_slow());
        let name = || std::thread::current().name().map(ToOwned::to_owned);
        let ran = lane.run(&pace, async move { name() }).await;
        assert_eq!(ran.as_deref(), Some("stoa-slow"));
        assert!(lane.pace().is_slow(), "so that the clock ticks finely");
        pace.slow_until_ms.store(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(2));
        assert!(lane.of(&pace).is_none());
    }

    #[tokio::test]
    async fn work_that_turns_out_to_be_slow_goes_on_elsewhere() {
        let (lane, pace) = (SlowLane::default(), Arc::new(Pace::default()));
        let noticed = Arc::clone(&pace);
        let name = || std::thread::current().name().map(ToOwned::to_owned);
        let ran = lane.run(&pace, async move {
            let before = name();
            noticed.note_slow();
            tokio::task::yield_now().await;
            (before, name())
        });
        let (before, after) = ran.await;
        assert_ne!(before.as_deref(), Some("stoa-slow"));
        assert_eq!(after.as_deref(), Some("stoa-slow"));
    }
}
