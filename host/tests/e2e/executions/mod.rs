//! Test runs end to end: people who queue them, workers who take them, and workers who die.

mod contended;
mod example;
mod killed;
mod story;

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, TestHost};

const RUNS: &str = "/api/execution";

/// The lease, if the operator says nothing.
const LEASE_MS: u64 = 60_000;

async fn open() -> TestHost {
    TestHost::builder().plugin("executions").start().await
}

fn developer(host: &TestHost) -> Actor {
    host.account("dora", Role::Developer)
}

fn viewer(host: &TestHost) -> Actor {
    host.account("vera", Role::Viewer)
}

fn worker(host: &TestHost) -> Actor {
    host.account("machine", Role::Worker)
}

/// A run that is queued; its id.
async fn queue(actor: &Actor, run: &Value) -> String {
    text(&actor.post(RUNS, run).await.json_of(201)["id"])
}

/// What a worker is given: a run's id and its lease; none if there is nothing.
async fn lease(actor: &Actor) -> Option<(String, String)> {
    let answer = actor.post("/api/execution/lease", &json!({})).await;
    if answer.status == 204 {
        return None;
    }
    let assignment = answer.json_of(200);
    Some((text(&assignment["id"]), text(&assignment["lease"])))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
