//! A plugin's figures: calls, faults, computing time, memory, and the time that instances take to make.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

/// Handles of one plugin's metrics, looked up once.
pub struct Meter {
    plugin: String,
    calls: Counter,
    cpu_microseconds: Counter,
    memory_bytes: Gauge,
    instantiate_seconds: Histogram,
    conflicts: Counter,
}

impl Meter {
    /// The figures of `plugin`.
    #[must_use]
    pub fn new(plugin: &str) -> Self {
        let plugin = plugin.to_string();
        Self {
            calls: counter!("plugin_calls_total", "plugin" => plugin.clone()),
            cpu_microseconds: counter!("plugin_cpu_microseconds_total", "plugin" => plugin.clone()),
            memory_bytes: gauge!("plugin_memory_bytes", "plugin" => plugin.clone()),
            instantiate_seconds: histogram!("plugin_instantiate_seconds", "plugin" => plugin.clone()),
            conflicts: counter!("plugin_conflicts_total", "plugin" => plugin.clone()),
            plugin,
        }
    }

    /// A call has ended well or with the plugin's own problem.
    pub fn called(&self, cpu: Duration, memory_bytes: usize) {
        self.calls.increment(1);
        self.cpu_microseconds.increment(u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX));
        #[expect(clippy::cast_precision_loss, reason = "a gauge needs no exact bytes")]
        self.memory_bytes.set(memory_bytes as f64);
    }

    /// A call has ended in a fault.
    pub fn faulted(&self, word: &'static str) {
        counter!("plugin_faults_total", "plugin" => self.plugin.clone(), "fault" => word).increment(1);
    }

    /// An instance has been made.
    pub fn instantiated(&self, took: Duration) {
        self.instantiate_seconds.record(took.as_secs_f64());
    }

    /// A request has met a conflict and runs again.
    pub fn conflicted(&self) {
        self.conflicts.increment(1);
    }
}

/// Measures the time that a future computes, as opposed to waits.
pub struct Computing<F> {
    future: F,
    spent: Duration,
}

impl<F: Future + Unpin> Future for Computing<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let begun = Instant::now();
        let polled = Pin::new(&mut self.future).poll(context);
        self.spent += begun.elapsed();
        polled.map(|output| (output, self.spent))
    }
}

/// Runs a future and says how long it computed.
pub async fn computing<F: Future>(future: F) -> (F::Output, Duration) {
    Computing { future: pin!(future), spent: Duration::ZERO }.await
}
