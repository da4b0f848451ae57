//! An edge over fakes, and a client for it.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use stoa_kernel::wit::{Manifest, Package};
use stoa_web::{Edge, EdgeConfig, Peer, Ports};

use crate::fakes::{
    CountingRandom, FakeLive, FakePlugins, FakeSnapshot, FakeStore, FakeTokens, FixedClock,
};

pub const SHOP: &str = r#"
    name = "shop"
    version = "0.1.0"
    summary = "Sells things."

    [[route]]
    method = "GET"
    path = "/api/things"
    handler = "echo"
    callers = ["public"]
    summary = "Lists things."
    query = "ThingFilter"
    response = "Thing"

    [[route]]
    method = "POST"
    path = "/api/things"
    handler = "echo"
    callers = ["vendor", "admin"]
    request = "Thing"
    response = "Thing"
    status = 201

    [[route]]
    method = "GET"
    path = "/api/things/{id}"
    handler = "echo"
    callers = ["public"]

    [[route]]
    method = "PUT"
    path = "/api/things/{id}"
    handler = "echo"
    callers = ["public"]

    [[route]]
    method = "PATCH"
    path = "/api/things/{id}"
    handler = "echo"
    callers = ["public"]

    [[route]]
    method = "DELETE"
    path = "/api/things/{id}"
    handler = "echo"
    callers = ["public"]

    [[route]]
    method = "GET"
    path = "/api/cart"
    handler = "echo"
    callers = ["user", "session"]

    [[route]]
    method = "POST"
    path = "/api/cart"
    handler = "echo"
    callers = ["user", "session"]

    [[route]]
    method = "GET"
    path = "/api/me"
    handler = "echo"
    callers = ["user"]

    [[route]]
    method = "POST"
    path = "/api/echo"
    handler = "echo"
    callers = ["public"]

    [[route]]
    method = "GET"
    path = "/health"
    handler = "echo"
    callers = ["public"]
"#;

/// Handlers whose name says what they do, each under `GET /do/<name>`.
const DEEDS: [&str; 12] = [
    "big", "replay", "headers", "created", "empty", "switch", "collapse", "sold_out", "broken",
    "invalid", "panic", "hang",
];

pub struct World {
    pub edge: Arc<Edge>,
    pub plugins: Arc<FakePlugins>,
    pub store: Arc<FakeStore>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub fn package(manifest: &str, schemas: Value) -> Arc<Package> {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let package = Package {
        manifest,
        schemas: serde_json::from_value(schemas).unwrap(),
    };
    package.check().unwrap();
    Arc::new(package)
}

pub fn shop() -> Arc<Package> {
    let schemas = json!({
        "Thing": { "type": "object", "properties": { "maker": { "$ref": "#/components/schemas/Maker" } } },
        "Maker": { "type": "object", "properties": { "name": { "type": "string" } } },
        "ThingFilter": {
            "type": "object",
            "required": ["category"],
            "properties": { "category": { "type": "string" }, "limit": { "type": "integer" } },
        },
    });
    package(SHOP, schemas)
}

fn deeds() -> Arc<Package> {
    let routes = DEEDS.map(|deed| {
        format!("[[route]]\nmethod = \"GET\"\npath = \"/do/{deed}\"\nhandler = \"{deed}\"\ncallers = [\"public\"]\n")
    });
    package(
        &format!("name = \"deeds\"\nversion = \"0.1.0\"\n{}", routes.concat()),
        json!({}),
    )
}

pub fn world() -> World {
    world_with(EdgeConfig::default())
}

pub fn world_with(config: EdgeConfig) -> World {
    world_of(config, |_| ())
}

/// A world whose ports are not quite the usual ones.
pub fn world_of(config: EdgeConfig, adjust: impl FnOnce(&mut Ports)) -> World {
    let snapshot = Mutex::new(Arc::new(FakeSnapshot {
        packages: vec![deeds(), shop()],
    }));
    let plugins = Arc::new(FakePlugins {
        snapshot,
        ready: AtomicBool::new(true),
    });
    let store = Arc::new(FakeStore(AtomicBool::new(true)));
    let mut ports = Ports {
        plugins: plugins.clone(),
        store: store.clone(),
        identity: Arc::new(FakeTokens::default()),
        live: Arc::new(FakeLive),
        services: Vec::new(),
        quotas: None,
        organization_quota: None,
        parts: Vec::new(),
        clock: Arc::new(FixedClock),
        random: Arc::new(CountingRandom::default()),
    };
    adjust(&mut ports);
    World {
        edge: Edge::new(config, ports),
        plugins,
        store,
    }
}

impl World {
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send_from(None, method, path, headers, body).await
    }

    /// The same over a connection from this address.
    pub async fn send_from(
        &self,
        peer: Option<&str>,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(peer) = peer {
            request = request.extension(Peer(peer.parse().unwrap()));
        }
        let request = request
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let (head, body) = self.edge.call(request).await.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "").await
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that it is a problem and answers its code.
    pub fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let kind = problem["type"].as_str().unwrap();
        kind.strip_prefix("https://stoa.dev/problems/")
            .unwrap()
            .to_owned()
    }
}
