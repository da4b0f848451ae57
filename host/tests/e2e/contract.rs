//! Every route of the seeds that the plugins here serve is there, for the callers that the table names.

use std::collections::BTreeSet;

use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::routing::Lookup;
use stoa_testkit::TestHost;
use stoa_wit::Caller;

use crate::live;

const ROUTES: &str = include_str!("../contract/routes.tsv");

/// The plugins that exist so far; a row of another one is work to come.
const PLUGINS: &[&str] = &[
    "admin",
    "analytics",
    "billing",
    "cart",
    "catalog",
    "customers",
    "downloads",
    "notifications",
    "orders",
    "payments",
    "profiles",
    "vendors",
];

/// Rows of a plugin that the host serves itself: people are the host's, and no plugin's.
const OF_PEOPLE: &str = "/api/admin/users";

/// Whom the table's words mean.
fn callers(words: &str) -> BTreeSet<Caller> {
    let one = |word: &str| match word.trim() {
        "public" => Caller::Public,
        "user" => Caller::User,
        "session" => Caller::Session,
        "vendor" | "artist" => Caller::Vendor,
        "admin" => Caller::Admin,
        // Whether somebody has bought it is for the plugin to find out.
        "buyer" => Caller::User,
        // Nobody signs in: the plugin checks the provider's signature.
        "stripe" | "razorpay" => Caller::Public,
        other => panic!("who is {other}?"),
    };
    words.split(" or ").map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_table_has_its_route() {
    let builder = PLUGINS
        .iter()
        .fold(TestHost::builder(), |builder, name| builder.plugin(name));
    let host = builder.start().await;
    let snapshot = host.runtime.snapshot();
    let (mut rows, mut missing) = (0, Vec::new());
    for line in ROUTES.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, method, path, who, _, plugin] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        // A row without a path is a plugin that works without being asked: its own tests speak for it. WebSockets have
        // a test of their own.
        if method == "WS"
            || !PLUGINS.contains(&plugin)
            || !path.starts_with('/')
            || path.starts_with(OF_PEOPLE)
        {
            continue;
        }
        rows += 1;
        let sample = path.replace("{id}", "some-id");
        let sample = sample.replace("{productId}", "some-id");
        match snapshot.find(method, &sample) {
            Lookup::Found(found) if *found.plugin == *plugin => {
                let (asked, given) = (callers(who), &found.route.callers);
                let covered = asked.iter().all(|caller| given.contains(caller));
                // Administrators may do what the others may; nobody else comes in addition.
                let opened = given
                    .iter()
                    .any(|caller| !asked.contains(caller) && *caller != Caller::Admin);
                if !covered || opened {
                    missing.push(format!(
                        "{method} {path}: for {given:?} instead of {asked:?}"
                    ));
                }
            }
            other => missing.push(format!("{method} {path}: {other:?}")),
        }
    }
    assert!(rows >= 90, "only {rows} rows were read");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Rows of the host that are no routes of a service: its own pages, and live updates.
const NOT_SERVICES: &[&str] = &["/health", "/metrics", "/auth/token", "/socket.io/"];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_host_has_its_route() {
    let host = TestHost::builder().start().await;
    let routes = host.edge.routes();
    let (mut rows, mut missing) = (0, Vec::new());
    for line in ROUTES.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, method, path, who, _, room] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        let is_hosts = room == "host" || path.starts_with(OF_PEOPLE);
        if !is_hosts || !path.starts_with('/') || NOT_SERVICES.contains(&path) {
            continue;
        }
        rows += 1;
        let found = routes
            .iter()
            .find(|(_, route)| route.method.as_str() == method && route.path == path);
        match found {
            Some((_, route)) if route.callers == callers(who) => {}
            found => missing.push(format!("{method} {path} for {who}: {found:?}")),
        }
    }
    assert!(rows >= 25, "only {rows} rows were read");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Rows of WebSockets are connected to: a route that is there could still lead nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn every_websocket_of_the_table_can_be_connected_to() {
    let builder = PLUGINS
        .iter()
        .fold(TestHost::builder(), |builder, name| builder.plugin(name));
    let served = live::serve(builder).await;
    let token = served.token("uma");
    let mut rows = 0;
    for line in ROUTES.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, method, path, who, _, room] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        if method != "WS" || !(room == "host" || PLUGINS.contains(&room)) {
            continue;
        }
        assert_eq!(who, "user", "{path}: this test knows no others");
        rows += 1;
        if path == "/socket.io/" {
            socket_io(&served, path, &token).await;
            continue;
        }
        let refused = live::try_open(served.address, path, &[]).await;
        let refused = refused.err().map(|(status, _)| status);
        assert_eq!(refused, Some(401), "{path}");
        let mut socket = live::Socket::open(served.address, path, &token).await;
        let joined = socket.frame().await;
        assert_eq!(joined["op"], "joined", "{path}: {joined}");
    }
    assert!(rows >= 1, "no row was read");
}

/// Connects as the protocol's fifth revision says: to Engine.IO, then to the namespace `/`.
async fn socket_io(served: &live::Served, path: &str, token: &str) {
    let path = format!("{path}?EIO=4&transport=websocket");
    for (auth, expected) in [
        (String::new(), "44{\"message\":\"unauthenticated\"}"),
        (format!("{{\"token\":\"{token}\"}}"), "40{\"sid\":"),
    ] {
        let opened = live::try_open(served.address, &path, &[]).await;
        let mut socket = opened.ok().unwrap();
        let open = socket.packet().await;
        assert!(open.starts_with("0{\"sid\":"), "{open}");
        socket.say(&format!("40{auth}")).await;
        let connected = socket.packet().await;
        assert!(connected.starts_with(expected), "{connected}");
    }
}
