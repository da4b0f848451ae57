//! What the host logs, for tests that look.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// What operators are to see of all tests' hosts. A request may run on another thread than its test.
static AUDIT: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let layer = tracing_subscriber::fmt::layer().json();
    let layer = layer.with_writer(log.clone());
    let audited = Targets::new().with_target("audit", Level::INFO);
    let subscriber = tracing_subscriber::registry().with(audited).with(layer);
    tracing::subscriber::set_global_default(subscriber).expect("the only one of all threads");
    log
});

/// Log lines as JSON, of the thread that took this.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// What the thread logs at this level from here on, as long as the guard lives.
    pub fn of_thread(level: Level) -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(level)
            .with_writer(log.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (log, guard)
    }

    /// What is audited from the first call on, by all tests: look for a tenant of one's own.
    pub fn of_audit() -> Self {
        AUDIT.clone()
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
