//! What plugins may know of people and do for them, through the guest `people`.

mod delivered;
mod denials;
mod directory;
pub mod letters;
mod personal_data;
mod plans;
mod selling;
mod suspended;

use serde_json::{Value, json};
use stoa_kernel::event::Event;
use stoa_kernel::id::TenantId;
use stoa_kernel::store::Store as _;
use stoa_testkit::{Actor, TestHost};

/// What everybody here signs in with.
pub const PASSWORD: &str = "correct horse battery";

async fn open() -> TestHost {
    TestHost::builder().guest("people").start().await
}

fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

/// Signs somebody up, with an organisation or without.
async fn join(host: &TestHost, name: &str, organization: Option<&str>) -> (String, Actor) {
    let mut body = json!({
        "email": format!("{name}@example.com"), "password": PASSWORD, "name": name,
    });
    let path = match organization {
        Some(organization) => {
            body["organizationName"] = organization.into();
            "/api/auth/signup"
        }
        None => "/api/auth/register",
    };
    let signed = host.anonymous().post(path, &body).await.json_of(201);
    let actor = host.bearer(signed["accessToken"].as_str().unwrap());
    (signed["user"]["id"].as_str().unwrap().to_owned(), actor)
}

/// The events of this name that wait in a tenant's outbox.
async fn raised(host: &TestHost, of: &TenantId, name: &str) -> Vec<Event> {
    let waiting = host.store.outbox(of, None, 1_000).await.unwrap();
    waiting
        .into_iter()
        .filter(|event| event.name == name)
        .collect()
}

fn ids(people: &Value) -> Vec<&str> {
    let people = people.as_array().unwrap().iter();
    people
        .map(|person| person["id"].as_str().unwrap())
        .collect()
}
