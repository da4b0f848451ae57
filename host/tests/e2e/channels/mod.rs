//! What plugins say to those who listen: after the commit, in order, and to whom it concerns. Without any transport:
//! tests listen as a transport does.

mod hosts;
mod joining;
mod news;
mod saying;
mod sessions;

use std::time::Duration;

use serde_json::{Value, json};
use stoa_kernel::call::Request;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Principal, Role};
use stoa_kernel::live::{Ear, Heard, Joined, Listener, Live as _, Message};
use stoa_testkit::TestHost;

/// A busy machine needs less.
const PATIENCE: Duration = Duration::from_secs(60);

async fn herald() -> TestHost {
    TestHost::builder().guest("herald").start().await
}

fn tenant() -> TenantId {
    TenantId::parse("main").unwrap()
}

fn listener(account: &str) -> Listener {
    Listener {
        tenant: tenant(),
        account: account.into(),
        session: None,
    }
}

fn ear(host: &TestHost, account: &str) -> Box<dyn Ear> {
    host.live.listen(listener(account)).unwrap()
}

async fn ear_on(host: &TestHost, channel: &str) -> Box<dyn Ear> {
    let mut ear = ear(host, "ada");
    let _ = ear.join(channel, None).await.unwrap();
    ear
}

async fn next(ear: &mut Box<dyn Ear>) -> Heard {
    let heard = tokio::time::timeout(PATIENCE, ear.next()).await;
    heard.expect("something to be heard")
}

/// The next message: event, payload and number.
async fn message(ear: &mut Box<dyn Ear>) -> (String, Value, Option<u64>) {
    match next(ear).await {
        Heard::Message(message) => shown(&message),
        other => panic!("no message: {other:?}"),
    }
}

fn shown(message: &Message) -> (String, Value, Option<u64>) {
    let payload = serde_json::from_str(&message.payload).unwrap();
    (message.event.to_string(), payload, message.number)
}

fn numbers(joined: &Joined) -> Vec<u64> {
    let numbers = joined.missed.iter().map(|message| message.number.unwrap());
    numbers.collect()
}

fn word(channel: &str, n: u64) -> Value {
    json!({ "channel": channel, "event": "said", "payload": n })
}

async fn say(host: &TestHost, speech: &Value) {
    let said = host.anonymous().post("/herald/say", speech).await;
    let _ = said.expect(204);
}

async fn say_on(host: &TestHost, channel: &str, n: u64) {
    say(host, &json!({ "words": [word(channel, n)] })).await;
}

fn principal(account: &str, role: Role) -> Principal {
    Principal {
        account: Some(Account {
            id: account.into(),
            email: None,
            role,
            tenant: Some(tenant()),
            operator: false,
            credential: Credential::Development,
        }),
        session: None,
    }
}

fn request(principal: Principal, body: &str) -> Request {
    Request {
        id: "r1".into(),
        tenant: tenant(),
        address: None,
        principal,
        params: Vec::new(),
        query: String::new(),
        headers: Vec::new(),
        body: body.to_owned().into(),
        cause: None,
        idempotency: None,
    }
}
