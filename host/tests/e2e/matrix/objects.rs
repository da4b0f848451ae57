//! The matrix's other axis: what somebody owns is theirs, and as good as missing to everybody else.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_kernel::wit::Route;
use stoa_testkit::{Actor, TestHost};

use super::{PASSWORD, access, host, sign_up};
use crate::callers::ask;
use crate::shop::{id, sell};

/// Something that is one person's business.
struct Private {
    what: &'static str,
    id: String,
    /// Where its owner finds it, with `{id}` for the id; the method is GET unless it can only be removed.
    home: (Method, &'static str),
}

/// Somebody with an account in the shops' tenant.
async fn register(host: &TestHost, name: &str) -> (Value, Actor) {
    let body =
        json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "name": name });
    let joined = host.anonymous().post("/api/auth/register", &body).await;
    let joined = joined.json_of(201);
    let actor = access(host, &joined);
    (joined, actor)
}

/// What there is of somebody's own: one of each kind that a route names by its id.
async fn belongings(host: &TestHost, owner: &Actor) -> Vec<Private> {
    let product = sell(host, json!({ "stock": 5 })).await;
    let order = json!({ "items": [{ "productId": id(&product), "quantity": 1 }] });
    let order = owner.post("/api/orders", &order).await.json_of(201);
    let (friend, _) = register(host, "friend").await;
    let chat = json!({ "participantIds": [friend["user"]["id"]] });
    let chat = owner.post("/api/v1/message/chats", &chat).await;
    let chat = chat.json_of(201);
    let key = json!({ "name": "k", "scopes": ["orders:read"] });
    let key = owner.post("/api/auth/keys", &key).await.json_of(201);
    let sessions = owner.get("/api/auth/sessions").await.json_of(200);
    let private = |what, id, method, path| Private {
        what,
        id,
        home: (method, path),
    };
    vec![
        private("order", id(&order), Method::GET, "/api/orders/{id}"),
        private("chat", id(&chat), Method::GET, "/api/v1/message/chats/{id}"),
        private("key", id(&key), Method::DELETE, "/api/auth/keys/{id}"),
        // Last: with it, its owner is out.
        private(
            "session",
            id(&sessions["items"][0]),
            Method::DELETE,
            "/api/auth/sessions/{id}",
        ),
    ]
}

/// As long as the real one and of the same kinds of characters, lest its shape tell.
pub(super) fn missing(id: &str) -> String {
    let like = |c: char| match c {
        'A'..='Z' => 'Z',
        'a'..='z' => 'a',
        '0'..='9' => '0',
        other => other,
    };
    id.chars().map(like).collect()
}

/// What somebody is told of an id by a route, apart from the id itself.
pub(super) async fn told(actor: &Actor, route: &Route, id: &str) -> (http::StatusCode, String) {
    let answer = ask(actor, route, id).await;
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("instance");
    }
    (answer.status, body.to_string().replace(id, "ID"))
}

/// The routes that name one thing.
pub(super) fn of_one_thing(host: &TestHost) -> Vec<Arc<Route>> {
    let routes = host.edge.routes().into_iter().map(|(_, route)| route);
    routes
        .filter(|route| route.path.matches('{').count() == 1)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ones_own_is_missing_to_everybody_else() {
    let host: Arc<TestHost> = host().await;
    let (_, anna) = register(&host, "anna").await;
    let belongings = belongings(&host, &anna).await;
    let (_, ben) = register(&host, "ben").await;
    let others = [
        ("another user", ben),
        ("a vendor", host.vendor("v9")),
        ("a developer", host.account("d1", Role::Developer)),
        ("a viewer", host.account("r1", Role::Viewer)),
        (
            "another tenant's admin",
            access(&host, &sign_up(&host, "rival").await),
        ),
    ];
    let (mut compared, mut bad) = (0, Vec::new());
    for route in of_one_thing(&host) {
        for Private { what, id, .. } in &belongings {
            for (name, actor) in &others {
                let seen = told(actor, &route, id).await;
                let absent = told(actor, &route, &missing(id)).await;
                compared += 1;
                if seen != absent {
                    let (method, path) = (route.method, &route.path);
                    bad.push(format!(
                        "{method} {path} of the {what} for {name}: {seen:?}, not {absent:?}"
                    ));
                }
            }
        }
    }
    assert!(compared >= 1_000, "only {compared} answers were compared");
    assert!(bad.is_empty(), "{bad:#?}");
    // After all that, each of them is where it was, for its owner.
    for Private { what, id, home } in &belongings {
        let (method, path) = home;
        let route = |id: &str| path.replace("{id}", id);
        let absent = anna.send(method.clone(), &route(&missing(id)), "").await;
        assert_eq!(absent.status, 404, "a missing {what}: {}", absent.json());
        let own = anna.send(method.clone(), &route(id), "").await;
        assert!(own.status.is_success(), "{what}: {}", own.json());
    }
}
