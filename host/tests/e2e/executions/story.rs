//! One run from its queue to its report, and everybody whom it does not concern.

use http::Method;
use serde_json::json;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::store::Store as _;

use super::{LEASE_MS, RUNS, developer, lease, open, queue, text, viewer, worker};
use crate::events::until;

const REPORT: &str = r#"<testsuite><testcase classname="Cart" name="adds" time="0.5"/>
<testcase name="pays"><failure message="declined"/></testcase></testsuite>"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_queued_worked_on_and_read() {
    let host = open().await;
    let (dora, vera, machine) = (developer(&host), viewer(&host), worker(&host));
    let run = json!({"name": "checkout", "command": "make test", "labels": ["nightly"]});
    let id = queue(&dora.idempotent("k1"), &run).await;
    assert_eq!(queue(&dora.idempotent("k1"), &run).await, id);
    let (leased, lease) = lease(&machine).await.unwrap();
    assert_eq!(leased, id);

    let path = format!("{RUNS}/{id}");
    let report = json!({"lease": lease, "lines": [{"text": "one"}, {"text": "two"}]});
    let told = machine.idempotent("k2");
    for _ in 0..2 {
        let standing = told.post(&format!("{path}/progress"), &report).await;
        assert_eq!(standing.json_of(200)["stop"], false);
    }
    let by_lease = machine.header("x-lease", &lease);
    let bring = by_lease.header("content-type", "text/plain");
    let file = format!("{path}/artefacts?name=notes.txt");
    let _ = bring
        .send(Method::POST, &file, "what was seen")
        .await
        .expect(201);
    let xml = by_lease.header("content-type", "application/xml");
    for _ in 0..2 {
        let done = xml
            .send(Method::POST, &format!("{path}/complete"), REPORT)
            .await;
        assert_eq!(
            done.json_of(200),
            json!({"id": id, "attempt": 1, "status": "failed"})
        );
    }

    let shown = vera.get(&path).await.json_of(200);
    assert_eq!(
        (&shown["status"], &shown["counts"]["total"]),
        (&json!("failed"), &json!(2))
    );
    assert_eq!(shown["results"]["items"][1]["message"], "declined");
    assert!(!shown.to_string().contains(&lease));
    let log = vera.get(&format!("{path}/logs")).await.json_of(200);
    assert_eq!(
        (&log["total"], &log["items"][1]["text"]),
        (&json!(2), &json!("two"))
    );
    let files = vera.get(&format!("{path}/artefacts")).await.json_of(200);
    let file = format!("{path}/artefacts/{}", text(&files["items"][0]["id"]));
    let link = vera.get(&file).await.json_of(200);
    let bytes = host
        .anonymous()
        .get(link["url"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(&bytes.body[..], b"what was seen");
    let list = vera
        .get(&format!("{RUNS}?status=failed&label=nightly"))
        .await
        .json_of(200);
    assert_eq!(
        (&list["total"], &list["items"][0]["id"]),
        (&json!(1), &json!(id))
    );

    let tenant = TenantId::parse("main").unwrap();
    let waiting = host.store.outbox(&tenant, None, 100).await.unwrap();
    let told = waiting
        .iter()
        .filter(|event| event.name == "execution.updated");
    assert!(told.clone().all(|event| event.key == id));
    // Queued, running, its lines, its file, its end.
    assert_eq!(told.count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_does_what_its_role_says_and_no_more() {
    let host = open().await;
    let (dora, vera, machine) = (developer(&host), viewer(&host), worker(&host));
    let id = queue(&dora, &json!({"name": "one"})).await;
    let path = format!("{RUNS}/{id}");
    for (actor, method, path) in [
        (&vera, Method::POST, RUNS),
        (&machine, Method::POST, RUNS),
        (&machine, Method::GET, RUNS),
        (&machine, Method::GET, path.as_str()),
        (&vera, Method::POST, &format!("{path}/cancel")),
        (&vera, Method::POST, &format!("{path}/retry")),
        (&dora, Method::POST, &format!("{RUNS}/lease")),
        (&dora, Method::POST, &format!("{path}/progress")),
        (&host.admin(), Method::POST, &format!("{path}/complete")),
        (&dora, Method::POST, &format!("{path}/artefacts?name=a")),
        (&host.user("anna"), Method::GET, path.as_str()),
    ] {
        let answer = actor.send(method.clone(), path, "{}").await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    // Another tenant's people and machines see and get nothing.
    let rival = |role| host.account_in("rival", "somebody", role);
    assert_eq!(rival(Role::Viewer).get(RUNS).await.json_of(200)["total"], 0);
    let _ = rival(Role::Viewer)
        .get(&path)
        .await
        .problem(404, "not-found");
    assert_eq!(lease(&rival(Role::Worker)).await, None);
    let (_, lease) = lease(&machine).await.unwrap();
    let report = json!({"lease": lease, "status": "passed"});
    let answer = rival(Role::Worker)
        .post(&format!("{path}/complete"), &report)
        .await;
    let _ = answer.problem(404, "not-found");
    assert_eq!(vera.get(&path).await.json_of(200)["status"], "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_had_is_queued_by_the_schedule() {
    let host = open().await;
    let id = queue(&developer(&host), &json!({"name": "one"})).await;
    let _dispatcher = host.dispatch().await;
    let (_, lease) = lease(&worker(&host)).await.unwrap();
    let vera = viewer(&host);
    let path = format!("{RUNS}/{id}");
    // However late the first turn is set, one comes after the lease.
    until("the run is queued again", async || {
        host.clock.advance(LEASE_MS);
        let run = vera.get(&path).await.json_of(200);
        (run["status"] == "queued").then_some(())
    })
    .await;
    let report = json!({"lease": lease, "status": "passed"});
    let answer = worker(&host)
        .post(&format!("{path}/complete"), &report)
        .await;
    let _ = answer.problem(409, "lease-lost");
}
