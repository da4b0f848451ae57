//! The seeds' table, and who may call what.

use http::Method;
use stoa_testkit::Actor;
use stoa_wit::{Caller, Manifest};

use super::{actor, open, register};

const ROUTES: &str = include_str!("../../contract/routes.tsv");

fn manifest() -> Manifest {
    let text = include_str!("../../../crates/identity/src/accounts/service.toml");
    Manifest::from_toml(text).unwrap()
}

#[test]
fn every_row_of_the_table_about_accounts_has_its_route() {
    let manifest = manifest();
    let mut rows = 0;
    for line in ROUTES.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, method, path, who, _, room] = columns[..] else {
            panic!("a row of {} columns: {line}", columns.len())
        };
        let is_ours = room == "host" && path.contains("/auth/") && path.starts_with("/api/");
        if !is_ours || path.ends_with("/google") {
            continue;
        }
        rows += 1;
        let route = manifest
            .routes
            .iter()
            .find(|route| route.path == path && route.method.as_str() == method)
            .unwrap_or_else(|| panic!("no {method} {path}"));
        let caller = match who {
            "public" => Caller::Public,
            "user" => Caller::User,
            other => panic!("who is {other}?"),
        };
        assert_eq!(
            route.callers.iter().collect::<Vec<_>>(),
            [&caller],
            "{method} {path}"
        );
    }
    assert!(rows >= 15, "only {rows} rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_dispatched_and_closed_to_those_it_is_not_for() {
    let host = open().await;
    for (number, route) in manifest().routes.into_iter().enumerate() {
        let path = route.path.replace("{token}", "x").replace("{id}", "x");
        let method: Method = route.method.as_str().parse().unwrap();
        let stranger = status(&host.anonymous(), &method, &path).await;
        if !route.callers.contains(&Caller::Public) {
            assert_eq!(stranger, 401, "{method} {path}");
        }
        // Somebody new each time: some routes end what they are called with.
        let somebody = register(&host, &format!("user{number}")).await;
        let known = status(&actor(&host, &somebody), &method, &path).await;
        // What is not dispatched is a 500.
        assert!(known < 500 && stranger < 500, "{method} {path}: {known}");
        assert!(known != 401 || path.contains("/refresh"), "{method} {path}");
    }
}

async fn status(actor: &Actor, method: &Method, path: &str) -> u16 {
    let body = if *method == Method::GET { "" } else { "{}" };
    let answer = actor.send(method.clone(), path, body).await;
    answer.status.as_u16()
}
