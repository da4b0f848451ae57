//! The stories of test runs, told through the plugin's doors over the SDK's fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod artefacts;
mod asking;
mod ending;
mod leases;
mod logs;
mod people;
mod places;
mod reports;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, RequestBuilder};
use stoa_guest::{Problem, Response, Result};

/// The lease, if the operator says nothing.
const LEASE_MS: u64 = 60_000;

/// A host with the plugin, dora who develops, and workers.
struct Floor {
    host: Host,
}

impl Floor {
    /// Where workers take strictly the oldest run, so that stories have an order.
    fn new() -> Self {
        let floor = Self::with_chance();
        floor.host.set("lease_spread", 1);
        floor
    }

    fn with_chance() -> Self {
        let host = Host::of(include_str!("../../plugin.toml"));
        Self { host }
    }

    fn by_dora(&self, handler: &str) -> RequestBuilder {
        self.host.request(handler).account("dora", "developer")
    }

    fn by_worker(&self, handler: &str) -> RequestBuilder {
        self.host.request(handler).account("machine", "worker")
    }

    fn post(&self, body: &Value) -> Result<Response> {
        self.by_dora("create").json(body).send(crate::dispatch)
    }

    /// A run that is queued; its id.
    fn queue(&self, body: &Value) -> String {
        let made = self.post(body).unwrap();
        assert_eq!(made.status, 201);
        text(&made.json()["id"])
    }

    fn named(&self, name: &str) -> String {
        self.queue(&json!({ "name": name }))
    }

    fn lease_with(&self, offer: &Value) -> Option<Value> {
        let answer = self.by_worker("lease").json(offer).send(crate::dispatch);
        let answer = answer.unwrap();
        match answer.status {
            204 => None,
            200 => Some(answer.json()),
            status => unreachable!("{status}"),
        }
    }

    fn lease(&self) -> Option<Value> {
        self.lease_with(&json!({ "worker": "w1" }))
    }

    /// A run that is running: its id and its lease.
    fn running(&self, body: &Value) -> (String, String) {
        let id = self.queue(body);
        let assignment = self.lease().unwrap();
        assert_eq!(assignment["id"], id);
        (id, text(&assignment["lease"]))
    }

    fn progress(&self, id: &str, lease: &str, more: Value) -> Result<Value> {
        let mut body = json!({ "lease": lease });
        merge(&mut body, more);
        let request = self.by_worker("progress").param("id", id).json(&body);
        Ok(request.send(crate::dispatch)?.json())
    }

    fn complete(&self, id: &str, lease: &str, more: Value) -> Result<Value> {
        let mut body = json!({ "lease": lease });
        merge(&mut body, more);
        let request = self.by_worker("complete").param("id", id).json(&body);
        let request = request.header("content-type", "application/json; charset=utf-8");
        Ok(request.send(crate::dispatch)?.json())
    }

    fn decide(&self, handler: &str, id: &str) -> Result<Value> {
        let request = self.by_dora(handler).param("id", id);
        Ok(request.send(crate::dispatch)?.json())
    }

    /// What a viewer reads of a run.
    fn read(&self, handler: &str, id: &str, query: &str) -> Result<Value> {
        let request = self.host.request(handler).account("vera", "viewer");
        let request = request.param("id", id).query(query);
        Ok(request.send(crate::dispatch)?.json())
    }

    fn show(&self, id: &str) -> Value {
        self.read("show", id, "").unwrap()
    }

    fn status(&self, id: &str) -> String {
        text(&self.show(id)["status"])
    }

    fn list(&self, query: &str) -> Result<Value> {
        let request = self.host.request("list").account("vera", "viewer");
        Ok(request.query(query).send(crate::dispatch)?.json())
    }

    /// A turn of the schedule, so much later.
    fn reap_after(&self, ms: u64) {
        self.host.advance(ms);
        self.host.turn("reap", crate::dispatch_turn).unwrap();
    }

    /// The statuses that were announced of a run, in their order: to plugins and to whoever listens alike.
    fn told(&self, id: &str) -> Vec<String> {
        let raised = self.host.events().into_iter();
        let raised = raised.filter(|event| event.name == "execution.updated" && event.key == id);
        let raised: Vec<Value> = raised.map(|event| event.payload).collect();
        let pushed = self.host.pushed().into_iter();
        let pushed = pushed.filter(|pushed| pushed.payload["executionId"] == id);
        let pushed: Vec<Value> = pushed.map(|pushed| pushed.payload).collect();
        assert_eq!(pushed, raised);
        let status = |payload: &Value| text(&payload["status"]);
        raised.iter().map(status).collect()
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The names of a list's elements.
fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["name"])).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T>) -> (u16, String) {
    let Problem { status, code, .. } = result.unwrap_err();
    (status, code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}

/// The member that is at fault.
#[track_caller]
fn fault<T: std::fmt::Debug>(result: Result<T>) -> String {
    let problem = result.unwrap_err();
    assert_eq!(problem.status, 400, "{problem}");
    problem.field.unwrap_or_default()
}
