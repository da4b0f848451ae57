//! `collector.py`, a collector of OpenTelemetry with the official messages, as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

/// Where a Python with the messages is.
const PYTHON_VARIABLE: &str = "STOA_TEST_PYTHON";

/// More than it takes to start, or for telemetry to arrive.
const WAITS: Duration = Duration::from_secs(30);

/// A running collector. It ends with the test.
pub struct Collector {
    port: u16,
    child: Child,
    seen: Arc<Mutex<Vec<Value>>>,
    count: watch::Receiver<usize>,
}

impl Collector {
    /// A collector on any port.
    pub async fn start() -> Self {
        Self::start_with(&["0"]).await
    }

    /// One that takes everything and never answers.
    pub async fn start_hanging() -> Self {
        Self::start_with(&["0", "hang"]).await
    }

    /// A collector where another one was.
    pub async fn start_on(port: u16) -> Self {
        Self::start_with(&[&port.to_string()]).await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        let Some(python) = std::env::var_os(PYTHON_VARIABLE) else {
            panic!("{PYTHON_VARIABLE} is not set: run the tests with `cargo xtask test`");
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collector/collector.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (sender, count) = watch::channel(0);
        let keep = Arc::clone(&seen);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let told = serde_json::from_str(&line).expect("it tells JSON");
                let mut all = keep.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(told);
                sender.send_replace(all.len());
            }
        });
        let mut collector = Self {
            port: 0,
            child,
            seen,
            count,
        };
        let told = collector.told("listening", |_| true).await;
        let port = told.get("port").and_then(Value::as_u64);
        collector.port = port.and_then(|port| port.try_into().ok()).expect("a port");
        collector
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its address, as hosts are told it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that has arrived of a kind: `span`, `line`, `metric`, `message`.
    #[must_use]
    pub fn all(&self, kind: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |told: &&Value| told.get("kind").and_then(Value::as_str) == Some(kind);
        seen.iter().filter(is_it).cloned().collect()
    }

    /// Waits for something of a kind.
    pub async fn told(&self, kind: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut count = self.count.clone();
        let found = async {
            loop {
                count.borrow_and_update();
                if let Some(found) = self.all(kind).into_iter().find(&is_it) {
                    return found;
                }
                count.changed().await.expect("the collector has ended");
            }
        };
        let found = tokio::time::timeout(WAITS, found).await;
        found.unwrap_or_else(|_| panic!("no such {kind} among {:#?}", self.all(kind)))
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
