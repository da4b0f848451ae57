//! What a collector is told, by the real binary, as a collector with the official messages reads it.

mod away;
mod metrics;
mod spans;

use std::path::Path;

use serde_json::{Value, json};
use stoa_testkit::{Collector, guest_file, plugin_file};
use tempfile::TempDir;

use crate::process::{Stoa, borrow_compiled, token};

/// What a client says that its span is.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A host with a collector.
struct Watched {
    host: Stoa,
    _dir: TempDir,
    collector: Collector,
}

impl Watched {
    async fn start(plugins: &[&str]) -> Self {
        Self::start_with(plugins, &[]).await
    }

    async fn start_with(plugins: &[&str], more: &[(&str, &str)]) -> Self {
        let (dir, collector) = (folder(plugins), Collector::start().await);
        let host = host(dir.path(), &collector, more).await;
        Self {
            host,
            _dir: dir,
            collector,
        }
    }

    /// A request as a part of the client's trace; it has to succeed.
    async fn ask(&self, line: &str, bearer: Option<&str>, body: &str) -> Value {
        let parent = format!("00-{TRACE}-{SPAN}-01");
        let mut headers = vec![
            ("traceparent", parent),
            ("content-type", "application/json".into()),
        ];
        headers.extend(bearer.map(|token| ("authorization", format!("Bearer {token}"))));
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let (status, answer) = self.host.ask(line, &headers, body).await.unwrap();
        assert!(status < 300, "{status}: {answer}");
        answer
    }

    /// The span of a request that was a part of the client's trace. All that it led to at once has arrived, too: spans
    /// are sent in the order in which they end.
    async fn request(&self, name: &str) -> Value {
        let is_it = |span: &Value| span["name"] == name && span["trace"] == TRACE;
        self.collector.told("span", is_it).await
    }

    /// The spans right below one.
    fn below(&self, span: &Value) -> Vec<Value> {
        let mut all = self.collector.all("span");
        all.retain(|other| other["parent"] == span["span"] && other["trace"] == span["trace"]);
        all
    }

    /// The only span of this name right below one.
    fn child(&self, of: &Value, name: &str) -> Value {
        let mut found = self.below(of);
        found.retain(|span| span["name"] == name);
        assert_eq!(found.len(), 1, "{name} below {of}: {found:#?}");
        found.remove(0)
    }
}

/// A host's folder with these plugins, compiled by the tests before.
fn folder(plugins: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plugins");
    std::fs::create_dir(&folder).unwrap();
    for name in plugins {
        let file = match *name {
            "toucher" => guest_file(name),
            _ => plugin_file(name),
        };
        std::fs::copy(file, folder.join(format!("{name}.wasm"))).unwrap();
    }
    borrow_compiled(dir.path());
    dir
}

async fn host(dir: &Path, collector: &Collector, more: &[(&str, &str)]) -> Stoa {
    let url = collector.url();
    let all = [
        ("STOA_DEV__TOKENS", "true"),
        ("STOA_LOG__FILTER", "warn,plugin=info"),
        ("STOA_TELEMETRY__ENDPOINT", &*url),
        ("STOA_TELEMETRY__METRICS_EVERY_S", "1"),
    ];
    Stoa::start_with(dir, &[&all, more].concat()).await
}

/// Something to put into a cart.
async fn sell(host: &Stoa) {
    let admin = token(host, "admin", "admin").await;
    let product = json!({
        "id": "watch", "name": "Thing", "category": "things", "vendorId": "v1", "price": 5.0, "stock": 100
    });
    let (status, answer) = host.post("/products", Some(&admin), &product).await;
    assert_eq!(status, 201, "{answer}");
}
