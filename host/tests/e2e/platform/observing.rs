//! What operators and admins see of plugins at work: lines of their logs, and figures by tenant.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, TestHost};

use super::crash::operator;
use super::people;
use crate::deployed::somebody_of;
use crate::process::Stoa;

const USAGE: &str = "/api/platform/plugins/toucher/usage";
const LOGS: &str = "/api/platform/plugins/toucher/logs";

/// The tenant in whose name a version is asked how it is.
const HEALTH: &str = "main";

/// More than it takes a line to arrive.
const WAITS: Duration = Duration::from_secs(30);

async fn items(actor: &Actor, path: &str) -> Vec<Value> {
    let answer = actor.get(path).await.json_of(200);
    answer["items"].as_array().unwrap().clone()
}

fn all<'v>(items: &'v [Value], member: &str) -> Vec<&'v str> {
    let found = items.iter().map(|item| item[member].as_str().unwrap());
    found.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_used_is_told_by_tenant_to_operators_and_to_an_admin_of_their_own() {
    let host = TestHost::builder().guest("toucher").start().await;
    let ((admin, _), (rival, _)) = (people(&host, "acme"), people(&host, "rival"));
    let empty = admin.get(USAGE).await.json_of(200);
    assert_eq!((&empty["items"], &empty["total"]), (&json!([]), &json!(0)));
    for tenant in ["acme", "acme", "rival"] {
        let touched = somebody_of(&host, tenant).get("/touch/log").await;
        let _ = touched.expect(200);
    }
    let stored = somebody_of(&host, "acme");
    let _ = stored.post("/store/a/5000", &json!({})).await.expect(204);
    let broken = somebody_of(&host, "rival");
    let broken = broken.post("/misdeeds/trap", &json!({})).await;
    let _ = broken.problem(502, "plugin-trap");

    let operator = host.operator("olga");
    let mut listed = items(&operator, USAGE).await;
    assert_eq!(all(&listed, "tenant"), ["acme", HEALTH, "rival"]);
    listed.remove(1);
    let (acme, other) = (&listed[0], &listed[1]);
    assert_eq!((&acme["calls"], &other["calls"]), (&json!(3), &json!(2)));
    assert_eq!(acme["faults"], json!({}));
    assert_eq!(other["faults"], json!({ "trap": 1 }));
    assert_eq!(other["ownFaults"], 1);
    for figure in ["cpuUs", "memoryPeakBytes", "p50Us", "p99Us"] {
        assert!(acme[figure].as_u64().unwrap() > 0, "{figure}: {acme}");
    }
    assert!(acme["p50Us"].as_u64() <= acme["p99Us"].as_u64(), "{acme}");
    let is_measured = async || {
        let of_acme = items(&operator, &format!("{USAGE}?tenant=acme")).await;
        assert_eq!(all(&of_acme, "tenant"), ["acme"]);
        of_acme[0]["storedBytes"]
            .as_u64()
            .is_some_and(|bytes| bytes >= 5_000)
    };
    let begun = std::time::Instant::now();
    while !is_measured().await {
        assert!(begun.elapsed() < WAITS, "nothing was measured");
        tokio::task::yield_now().await;
    }

    let mut found = Vec::new();
    let mut path = format!("{USAGE}?limit=1");
    loop {
        let page = operator.get(&path).await.json_of(200);
        assert_eq!((&page["total"], &page["limit"]), (&json!(3), &json!(1)));
        found.push(page["items"][0]["tenant"].as_str().unwrap().to_owned());
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("{USAGE}?limit=1&cursor={next}");
    }
    assert_eq!(found, ["acme", HEALTH, "rival"]);

    assert_eq!(all(&items(&admin, USAGE).await, "tenant"), ["acme"]);
    assert_eq!(all(&items(&rival, USAGE).await, "tenant"), ["rival"]);
    let foreign = format!("{USAGE}?tenant=rival");
    let _ = admin.get(&foreign).await.problem(404, "not-found");
    let missing = "/api/platform/plugins/nothing/usage";
    let _ = operator.get(missing).await.problem(404, "not-found");
    let vendor = host.account_in("acme", "vera", Role::Vendor);
    let _ = vendor.get(USAGE).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_found_by_tenant_level_request_and_time() {
    let host = TestHost::builder().guest("toucher").start().await;
    let ((admin, _), operator) = (people(&host, "acme"), host.operator("olga"));
    for (tenant, id) in [("acme", "first"), ("rival", "second"), ("acme", "third")] {
        let somebody = somebody_of(&host, tenant).header("x-request-id", id);
        let _ = somebody.get("/touch/log").await.expect(200);
        host.clock.advance(1_000);
    }
    let ids = async |actor: &Actor, query: &str| {
        let lines = items(actor, &format!("{LOGS}?{query}")).await;
        all(&lines, "requestId").join(" ")
    };
    assert_eq!(ids(&operator, "").await, "first second third");
    assert_eq!(ids(&operator, "tenant=rival").await, "second");
    assert_eq!(ids(&operator, "requestId=third").await, "third");
    assert_eq!(ids(&operator, "level=info&limit=1").await, "first");
    assert_eq!(ids(&operator, "level=warn").await, "");
    assert_eq!(
        ids(&operator, &format!("traceId={}", "0".repeat(32))).await,
        ""
    );
    assert_eq!(ids(&admin, "").await, "first third");
    let lines = items(&operator, LOGS).await;
    let since = lines[1]["at"].as_str().unwrap();
    assert_eq!(
        ids(&operator, &format!("since={since}")).await,
        "second third"
    );
    let _ = admin
        .get(&format!("{LOGS}?tenant=rival"))
        .await
        .problem(404, "not-found");
    for wrong in ["level=loud", "since=yesterday", "after=x", "wait=x"] {
        let path = format!("{LOGS}?{wrong}");
        let _ = operator.get(&path).await.problem(400, "invalid-request");
    }
    let long = format!("{LOGS}?requestId={}", "x".repeat(129));
    let _ = operator.get(&long).await.problem(400, "invalid-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_hears_the_next_line_of_their_own_tenant() {
    let host = TestHost::builder().guest("toucher").start().await;
    let (admin, _) = people(&host, "acme");
    let _ = somebody_of(&host, "acme")
        .get("/touch/log")
        .await
        .expect(200);
    let last = items(&admin, LOGS).await[0]["number"].as_u64().unwrap();
    let path = format!("{LOGS}?after={last}&wait=10");
    let others = async {
        for tenant in ["rival", "acme"] {
            let touched = somebody_of(&host, tenant).get("/touch/log").await;
            let _ = touched.expect(200);
        }
    };
    let (lines, ()) = tokio::join!(items(&admin, &path), others);
    assert_eq!(all(&lines, "tenant"), ["acme"]);
    assert!(lines[0]["number"].as_u64() > Some(last));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_follows_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    std::fs::copy(
        stoa_testkit::guest_file("toucher"),
        plugins.join("toucher.wasm"),
    )
    .unwrap();
    let host = Stoa::start_with(dir.path(), &[("STOA_DEV__TOKENS", "true")]).await;
    let token = operator(&host).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .args(["plugin", "logs", "toucher", "--follow", "--level", "info"])
        .env("STOA_HOST", host.url(""))
        .env("STOA_TOKEN", &token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(command.stdout.take().unwrap()).lines();
    for id in ["before", "after"] {
        let headers = [
            ("x-request-id", id),
            ("authorization", &*format!("Bearer {token}")),
        ];
        let (status, said) = host.ask("GET /touch/log", &headers, "").await.unwrap();
        assert_eq!(status, 200, "{said}");
        let line = tokio::task::spawn_blocking(move || (lines.next(), lines));
        let (line, rest) = tokio::time::timeout(WAITS, line).await.unwrap().unwrap();
        lines = rest;
        let line = line.unwrap().unwrap();
        assert!(line.contains(id) && line.ends_with("touched"), "{line}");
    }
    command.kill().unwrap();
    command.wait().unwrap();
}
