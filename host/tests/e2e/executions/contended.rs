//! Many workers at once: nobody gets what another one has, and no more run than the plan allows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost};
use tokio::task::JoinSet;

use super::{RUNS, developer, lease, open, queue, text, viewer, worker};

/// Workers that ask at the same moment.
const WORKERS: usize = 16;

/// What all of them get, each asking until it has a run or is told so many times that there is none.
async fn all_at_once(worker: &Actor, times: usize) -> Vec<String> {
    let mut asking = JoinSet::new();
    for _ in 0..WORKERS {
        let worker = worker.clone();
        asking.spawn(async move {
            for _ in 0..times {
                if let Some((id, _)) = lease(&worker).await {
                    return Some(id);
                }
            }
            None
        });
    }
    asking.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_is_given_to_two() {
    let host = open().await;
    let dora = developer(&host);
    for number in 0..WORKERS {
        queue(&dora, &json!({"name": number.to_string()})).await;
    }
    let taken = all_at_once(&worker(&host), 3).await;
    assert_eq!(taken.len(), WORKERS);
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), WORKERS);
    let running = viewer(&host).get(&format!("{RUNS}?status=running")).await;
    let running = running.json_of(200);
    assert_eq!(running["total"], WORKERS);
    let items = running["items"].as_array().unwrap();
    assert!(items.iter().all(|run| run["attempt"] == 1));
}

async fn sign_up(host: &TestHost) -> Actor {
    let body = json!({
        "email": "ada@example.com", "password": "correct horse battery", "name": "Ada",
        "organizationName": "Ada Ltd",
    });
    let anybody = host.anonymous();
    let signed: Value = anybody.post("/api/auth/signup", &body).await.json_of(201);
    host.bearer(&text(&signed["accessToken"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_at_once_than_the_plan_allows() {
    let host = open().await;
    let ada = sign_up(&host).await;
    let organization = ada.get("/api/organization").await.json_of(200);
    let allowed = organization["limits"]["runningTests"].as_u64().unwrap();
    assert_eq!(allowed, 2);
    let key = json!({"name": "ci", "role": "worker", "scopes": ["executions:write"]});
    let key = ada.post("/api/auth/keys", &key).await.json_of(201);
    let machine = host.bearer(&text(&key["key"]));
    for number in 0..5 {
        queue(&ada, &json!({"name": number.to_string()})).await;
    }
    let taken = all_at_once(&machine, 3).await;
    assert_eq!(taken.len(), 2, "{taken:?}");
    let running = ada
        .get(&format!("{RUNS}?status=running"))
        .await
        .json_of(200);
    assert_eq!(running["total"], 2);
    assert_eq!(lease(&machine).await, None);
}
