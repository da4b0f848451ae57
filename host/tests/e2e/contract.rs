//! Every route of the seeds that the plugins here serve is there, for the callers that the table names.

use std::collections::BTreeSet;

use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::routing::Lookup;
use stoa_testkit::TestHost;
use stoa_wit::Caller;

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
        // A row without a path is a plugin that works without being asked: its own tests speak for it.
        if !PLUGINS.contains(&plugin) || !path.starts_with('/') || path.starts_with(OF_PEOPLE) {
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

/// Rows of the host that are no routes of a service: its own pages, and live updates, which are work to come.
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

const EVENTS: &str = include_str!("../contract/events.tsv");

/// What the host tells of people.
const OF_HOST: &[&str] = &["user.registered", "user.logged-in", "user.verified"];

/// Who is told by a call of an interface, in the transaction of the news itself, and not by an event.
const BY_CALL: &[(&str, &str)] = &[
    ("order.cancelled", "catalog"),
    ("payment.success", "orders"),
    ("payment.failed", "orders"),
];

/// What each plugin raises and hears, by its manifest.
fn told(plugin: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let bytes = std::fs::read(stoa_testkit::plugin_file(plugin)).unwrap();
    let (mut raises, mut hears) = (BTreeSet::new(), BTreeSet::new());
    let _ = stoa_testkit::repack(&bytes, |package| {
        raises.extend(package.manifest.raises.iter().cloned());
        let heard = package.manifest.subscriptions.iter();
        hears.extend(heard.map(|subscription| subscription.event.clone()));
    });
    (raises, hears)
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
        // Live updates are the host's own.
        if who.starts_with("live updates") {
            continue;
        }
        let is_raised = plugins
            .iter()
            .any(|(_, (raises, _))| raises.contains(event));
        if !is_raised && !OF_HOST.contains(&event) {
            missing.push(format!("nobody raises {event}"));
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
            let hears = |(plugin, (_, hears)): &(&str, (_, BTreeSet<String>))| {
                *plugin == name && hears.contains(heard)
            };
            if !plugins.iter().any(hears) && !BY_CALL.contains(&(heard, name)) {
                missing.push(format!("{name} does not hear {heard}"));
            }
        }
    }
    assert!(pairs >= 25, "only {pairs} pairs were read");
    assert!(missing.is_empty(), "{missing:#?}");
}
