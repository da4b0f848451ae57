//! Stories of people who talk, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod denied;
mod files;
mod groups;
mod personal;
mod sockets;
mod talk;

use serde_json::{Value, json};
use stoa_guest::testing::{Host, Person};
use stoa_guest::{Problem, Result};

use crate::dispatch;

/// A host with Anna, Bert, Carl and Dora in the tenant.
fn host() -> Host {
    let host = Host::of(include_str!("../../plugin.toml"));
    for id in ["anna", "bert", "carl", "dora"] {
        host.person(Person {
            id: id.into(),
            email: format!("{id}@example.com"),
            name: id.to_uppercase(),
            role: "user".into(),
            email_verified: true,
            joined_at_ms: 0,
        });
    }
    host
}

fn ask(host: &Host, who: &str, handler: &str, params: &[&str], body: &Value) -> Result<Value> {
    let names = ["id", "more"];
    let request = names
        .iter()
        .zip(params)
        .fold(host.request(handler).user(who), |request, (name, value)| {
            request.param(name, value)
        });
    let answer = request.json(body).send(dispatch);
    answer.map(|answer| answer.json())
}

fn list(host: &Host, who: &str, handler: &str, id: &str, query: &str) -> Value {
    let request = host.request(handler).user(who).param("id", id).query(query);
    request.send(dispatch).unwrap().json()
}

fn open(host: &Host, who: &str, others: &[&str]) -> String {
    let body = json!({ "participantIds": others });
    let chat = ask(host, who, "open_chat", &[], &body).unwrap();
    chat["id"].as_str().unwrap().to_owned()
}

fn send(host: &Host, who: &str, chat: &str, text: &str) -> Value {
    host.advance(1_000);
    ask(host, who, "send_message", &[chat], &json!({ "text": text })).unwrap()
}

fn refused(result: Result<Value>) -> Problem {
    result.unwrap_err()
}

/// The words that were said on a channel, in order.
fn heard(host: &Host, channel: &str) -> Vec<String> {
    let pushed = host.pushed().into_iter();
    let on_it = pushed.filter(|pushed| pushed.channel == channel);
    on_it.map(|pushed| pushed.event).collect()
}
