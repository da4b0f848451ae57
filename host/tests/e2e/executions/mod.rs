//! Test runs end to end: people who queue them, workers who take them, and workers who die.

mod contended;
mod example;
mod killed;
mod live;
mod story;

use std::time::Duration;

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_testkit::{Actor, Answer, TestHost};

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

/// How often a full host is asked again.
const LOOKS_MAX: u32 = 1_000;

/// Asks until the host has room, as workers do: one that is full, or too slow, says so, and has done nothing.
async fn admitted(actor: &Actor, path: &str, body: &Value) -> Answer {
    for _ in 0..LOOKS_MAX {
        let answer = actor.post(path, body).await;
        if ![503, 504].contains(&answer.status.as_u16()) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host never had room for {path}");
}

/// A run that is queued; its id.
async fn queue(actor: &Actor, run: &Value) -> String {
    text(&actor.post(RUNS, run).await.json_of(201)["id"])
}

/// What a worker is given: a run's id and its lease; none if there is nothing.
async fn lease(actor: &Actor) -> Option<(String, String)> {
    let answer = admitted(actor, "/api/execution/lease", &json!({})).await;
    if answer.status == 204 {
        return None;
    }
    let assignment = answer.json_of(200);
    Some((text(&assignment["id"]), text(&assignment["lease"])))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
