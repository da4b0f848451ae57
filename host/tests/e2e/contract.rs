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
    "chat",
    "content",
    "customers",
    "downloads",
    "executions",
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
        "developer" => Caller::Developer,
        "viewer" => Caller::Viewer,
        "worker" => Caller::Worker,
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
        if plugin == "host"
            || method == "WS"
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
                // Administrators may do what the others may, and developers see what viewers see; nobody else comes
                // in addition.
                let comes_along = |caller: &Caller| match caller {
                    Caller::Admin => true,
                    Caller::Developer => asked.contains(&Caller::Viewer),
                    _ => false,
                };
                let opened = given
                    .iter()
                    .any(|caller| !asked.contains(caller) && !comes_along(caller));
                if !covered || opened {
                    missing.push(format!(
                        "{method} {path}: for {given:?} instead of {asked:?}"
                    ));
                }
            }
            other => missing.push(format!("{method} {path}: {other:?}")),
        }
    }
    assert!(rows >= 115, "only {rows} rows were read");
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
        let [_, method, path, who, _, _] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        if method != "WS" {
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
    assert!(rows >= 2, "only {rows} rows were read");
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
        let open = socket.text().await;
        assert!(open.starts_with("0{\"sid\":"), "{open}");
        socket.say(&format!("40{auth}")).await;
        let connected = socket.text().await;
        assert!(connected.starts_with(expected), "{connected}");
    }
}

const EVENTS: &str = include_str!("../contract/events.tsv");

/// What the host tells of people.
const OF_HOST: &[&str] = &["user.registered", "user.logged-in", "user.verified"];

/// Who is told by a call of an interface, in the transaction of the news itself, and not by an event.
const BY_CALL: &[(&str, &str)] = &[
    ("order.cancelled", "catalog"),
    ("payment.success", "orders"),
    ("payment.failed", "orders"),
];

/// What a plugin tells and hears.
#[derive(Default)]
struct Told {
    raises: BTreeSet<String>,
    hears: BTreeSet<String>,
    /// Whether it has channels.
    speaks: bool,
}

/// What a plugin tells and hears by its manifest.
fn told(plugin: &str) -> Told {
    let bytes = std::fs::read(stoa_testkit::plugin_file(plugin)).unwrap();
    let mut told = Told::default();
    let _ = stoa_testkit::repack(&bytes, |package| {
        told.raises.extend(package.manifest.raises.iter().cloned());
        let heard = package.manifest.subscriptions.iter();
        told.hears
            .extend(heard.map(|subscription| subscription.event.clone()));
        told.speaks = !package.manifest.channels.is_empty();
    });
    told
}

/// Every event of the seeds is raised, and heard by whom the table names; `market` shows what they make of it.
#[test]
fn every_event_of_the_table_is_raised_and_heard() {
    let plugins: Vec<_> = PLUGINS.iter().map(|name| (*name, told(name))).collect();
    let (mut pairs, mut missing, mut consumers) = (0, Vec::new(), String::new());
    for line in EVENTS.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, event, _, who] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        let mut raisers = plugins
            .iter()
            .filter(|(_, told)| told.raises.contains(event))
            .peekable();
        if raisers.peek().is_none() && !OF_HOST.contains(&event) {
            missing.push(format!("nobody raises {event}"));
        }
        // Who tells live updates is who raises the event, on a channel of its own.
        if who.starts_with("live updates") {
            pairs += 1;
            if !raisers.any(|(_, told)| told.speaks) {
                missing.push(format!("nobody tells {event} to those who listen"));
            }
            continue;
        }
        // The other seed's name for the event of the row before is told to the same, under the first name.
        let heard = match who {
            "the same" => "payment.success",
            who => {
                consumers = who.to_owned();
                event
            }
        };
        for consumer in consumers.split(", ") {
            pairs += 1;
            let name = consumer.split(' ').next().unwrap();
            let hears =
                |(plugin, told): &(&str, Told)| *plugin == name && told.hears.contains(heard);
            if !plugins.iter().any(hears) && !BY_CALL.contains(&(heard, name)) {
                missing.push(format!("{name} does not hear {heard}"));
            }
        }
    }
    assert!(pairs >= 25, "only {pairs} pairs were read");
    assert!(missing.is_empty(), "{missing:#?}");
}
