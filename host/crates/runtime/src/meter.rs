//! A plugin's figures: calls, faults, computing time, host calls, memory, and the time that instances take to make.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use stoa_kernel::importance;

/// Handles of one plugin's metrics, looked up once.
pub struct Meter {
    plugin: String,
    calls: Counter,
    cpu_microseconds: Counter,
    host_calls: Counter,
    memory_bytes: Gauge,
    instantiate_seconds: Histogram,
    conflicts: Counter,
    remembered: Counter,
}

impl Meter {
    /// The figures of `plugin`.
    #[must_use]
    pub fn new(plugin: &str) -> Self {
        let plugin = plugin.to_string();
        Self {
            calls: counter!("plugin_calls_total", "plugin" => plugin.clone()),
            cpu_microseconds: counter!("plugin_cpu_microseconds_total", "plugin" => plugin.clone()),
            host_calls: counter!("plugin_host_calls_total", "plugin" => plugin.clone()),
            memory_bytes: gauge!("plugin_memory_bytes", "plugin" => plugin.clone()),
            instantiate_seconds: histogram!("plugin_instantiate_seconds", "plugin" => plugin.clone()),
            conflicts: counter!("plugin_conflicts_total", "plugin" => plugin.clone()),
            remembered: counter!("plugin_answers_remembered_total", "plugin" => plugin.clone()),
            plugin,
        }
    }

    /// A call has ended well or with the plugin's own problem.
    pub fn called(&self) {
        self.calls.increment(1);
    }

    /// A call, however it has ended, has computed for so long.
    pub fn computed(&self, cpu: Duration) {
        self.cpu_microseconds
            .increment(u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX));
    }

    /// A call, however it has ended, has called the host so often, in an instance of so much memory.
    pub fn used(&self, host_calls: u64, memory_bytes: usize) {
        self.host_calls.increment(host_calls);
        #[expect(clippy::cast_precision_loss, reason = "a gauge needs no exact bytes")]
        self.memory_bytes.set(memory_bytes as f64);
    }

    /// A call has ended in a fault.
    pub fn faulted(&self, word: &'static str) {
        counter!("plugin_faults_total", "plugin" => self.plugin.clone(), "fault" => word)
            .increment(1);
    }

    /// An instance has been made.
    pub fn instantiated(&self, took: Duration) {
        self.instantiate_seconds.record(took.as_secs_f64());
    }

    /// A request has met a conflict and runs again.
    pub fn conflicted(&self) {
        self.conflicts.increment(1);
    }

    /// A request was answered without a call.
    pub fn remembered(&self) {
        self.remembered.increment(1);
    }
}

/// How long a call has computed, as opposed to waited; readable while it goes on.
#[derive(Debug)]
pub struct Stopwatch {
    born: Instant,
    /// Nanoseconds of computing up to the last pause.
    spent_ns: AtomicU64,
    /// When computing went on, by the clock of [`now_ns`](Self::now_ns).
    since_ns: AtomicU64,
}

impl Stopwatch {
    /// A watch that has not run yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            born: Instant::now(),
            spent_ns: AtomicU64::new(0),
            since_ns: AtomicU64::new(0),
        }
    }

    /// A thread that gives way waits much, which is not the guest's computing. It has a clock of its own, and a guest that
    /// is on it stays there until it pauses.
    fn now_ns(&self) -> u64 {
        let by_the_wall = || u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX);
        importance::computed_ns().unwrap_or_else(by_the_wall)
    }

    fn start(&self) {
        self.since_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    fn stop(&self) {
        self.spent_ns.store(self.running_ns(), Ordering::Relaxed);
    }

    fn running_ns(&self) -> u64 {
        let now = self
            .now_ns()
            .saturating_sub(self.since_ns.load(Ordering::Relaxed));
        self.spent_ns.load(Ordering::Relaxed).saturating_add(now)
    }

    /// The time computed up to the last pause.
    #[must_use]
    pub fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed))
    }

    /// The time computed so far, for whoever is computing.
    #[must_use]
    pub fn running(&self) -> Duration {
        Duration::from_nanos(self.running_ns())
    }
}

/// Measures the time that a future computes.
pub struct Computing<F> {
    future: F,
    watch: Arc<Stopwatch>,
}

impl<F: Future + Unpin> Future for Computing<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.watch.start();
        let polled = Pin::new(&mut self.future).poll(context);
        self.watch.stop();
        polled.map(|output| (output, self.watch.spent()))
    }
}

/// Runs a future and says how long it computed; `watch` tells while it does.
pub async fn computing<F: Future>(watch: Arc<Stopwatch>, future: F) -> (F::Output, Duration) {
    Computing {
        future: pin!(future),
        watch,
    }
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_computing() {
        let watch = Arc::new(Stopwatch::new());
        let (inner, mut polls) = (Arc::clone(&watch), 0);
        let work = std::future::poll_fn(move |_| {
            polls += 1;
            if polls == 1 {
                Poll::Pending
            } else {
                Poll::Ready(inner.running())
            }
        });
        let mut work = pin!(computing(watch, work));
        let mut context = Context::from_waker(std::task::Waker::noop());

        let begun = Instant::now();
        assert!(work.as_mut().poll(&mut context).is_pending());
        let paused = Instant::now();
        std::thread::sleep(Duration::from_millis(5));
        let waited = paused.elapsed();
        let Poll::Ready((running, spent)) = work.as_mut().poll(&mut context) else {
            unreachable!()
        };
        assert!(running <= spent, "{running:?} of {spent:?}");
        assert!(
            spent + waited <= begun.elapsed(),
            "{spent:?} beside {waited:?}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_gives_way_has_not_computed_while_it_slept() {
        let slept = Duration::from_millis(20);
        let computed = std::thread::spawn(move || {
            importance::give_way();
            let watch = Stopwatch::new();
            watch.start();
            std::thread::sleep(slept);
            watch.running()
        });
        assert!(computed.join().is_ok_and(|computed| computed < slept));
    }
}
