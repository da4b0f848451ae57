//! Plugins that compute much get threads of their own that give way to all others.
//!
//! A guest that computes is interrupted at each tick, but has its thread until then, and comes back to it in its
//! turn: a few of them on a machine of few cores would be felt by everybody. So what a plugin does
//! next after a call that computed for long runs on threads of lower importance. The system's scheduler then
//! gives it whatever the others leave, which is all of the machine where there are none.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};

/// Computing within one call that makes a plugin slow: more than any page of a shop takes, and than a tick that by chance
/// falls into a busy moment.
pub const SLOW_CPU: Duration = Duration::from_millis(30);

/// How long a plugin counts as slow after its last such call.
const SLOW_FOR: Duration = Duration::from_secs(10);

/// How much less important slow plugins are than others: beside a busy thread, one of theirs gets about a tenth.
const NICE: i32 = 10;

/// How long one of their threads would like to run at a time: the longest that Linux takes. Who wants less (all others
/// do) and wakes up runs at once instead of at the end of its turn (Linux 6.12 and later, sched_setattr(2)).
const SLICE_NS: u64 = 100_000_000;

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
    pub fn note_slow(&self) {
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
pub struct SlowLane(OnceLock<Option<Runtime>>);

impl SlowLane {
    /// Where a plugin of this pace runs, if not with all others. Also none where the system refuses threads.
    pub fn of(&self, pace: &Pace) -> Option<Handle> {
        if !pace.is_slow() {
            return None;
        }
        let runtime = self.0.get_or_init(|| {
            let started = start();
            if let Err(error) = &started {
                tracing::warn!(%error, "slow plugins run with all others");
            }
            started.ok()
        });
        Some(runtime.as_ref()?.handle().clone())
    }
}

fn start() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .thread_name("stoa-slow")
        .on_thread_start(|| {
            // Of this thread alone. It goes on without where the system refuses.
            let _ = rustix::process::nice(NICE);
            take_long_turns();
        })
        .enable_all()
        .build()
}

/// Tells the scheduler that this thread is in no hurry. Older systems take no such wish.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate of ours wraps this system call")]
fn take_long_turns() {
    let wish = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER.unsigned_abs(),
        sched_flags: 0,
        sched_nice: NICE,
        sched_priority: 0,
        sched_runtime: SLICE_NS,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads `size` bytes from the pointer and keeps nothing of it; 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wish, 0) };
}

#[cfg(not(target_os = "linux"))]
fn take_long_turns() {}

impl Drop for SlowLane {
    fn drop(&mut self) {
        // A runtime that is dropped in an async context panics; this neither waits nor panics.
        if let Some(runtime) = self.0.take().flatten() {
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
        let slow = lane.of(&pace);
        let name = async || std::thread::current().name().map(ToOwned::to_owned);
        let ran = slow.map(|slow| slow.spawn(async move { name().await }));
        let Some(ran) = ran else {
            unreachable!("it was slow just now")
        };
        assert_eq!(ran.await.ok().flatten().as_deref(), Some("stoa-slow"));
        pace.slow_until_ms.store(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(2));
        assert!(lane.of(&pace).is_none());
    }
}
