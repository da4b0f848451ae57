//! The authorisation matrix: every route that is loaded, for everybody who could call it, about everything it could be
//! called about. It is generated from the loaded routes, so a new one is in it from its first day.

mod objects;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_identity::{JwtTokens, TokenConfig};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::{Account, Caller, Credential, Role};
use stoa_kernel::plugins::Plugins as _;
use stoa_kernel::store::Store as _;
use stoa_kernel::wit::{Bearer, Route};
use stoa_testkit::{Actor, Answer, TestHost};

use crate::callers::{ROLES, admits, ask};

const PASSWORD: &str = "correct horse battery";

/// Longer than any access token and any idle session lives.
const LATER_MS: u64 = 100 * 86_400_000;

/// What a cell of the matrix has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The handler is asked, whatever it says.
    Admitted,
    /// 401, because nobody is signed in.
    Unauthenticated,
    /// 401, because the credential is not good, whoever may call.
    Invalid,
    /// 403.
    Forbidden,
}

/// Somebody with a credential, or without.
struct Principal {
    name: String,
    actor: Actor,
    outcome: fn(&str, &Route, Option<Role>) -> Outcome,
    role: Option<Role>,
}

fn invalid(_: &str, route: &Route, _: Option<Role>) -> Outcome {
    if route.bearer == Bearer::Ignored {
        Outcome::Admitted
    } else {
        Outcome::Invalid
    }
}

fn nobody(_: &str, route: &Route, _: Option<Role>) -> Outcome {
    let open = [Caller::Public, Caller::Session];
    if route.callers.iter().any(|caller| open.contains(caller)) {
        Outcome::Admitted
    } else {
        Outcome::Unauthenticated
    }
}

fn by_role(_: &str, route: &Route, role: Option<Role>) -> Outcome {
    if role.is_some_and(|role| admits(route, role)) {
        Outcome::Admitted
    } else {
        Outcome::Forbidden
    }
}

/// Who runs the platform is a buyer to its shops.
fn operator(plugin: &str, route: &Route, _: Option<Role>) -> Outcome {
    if route.callers.contains(&Caller::Operator) {
        Outcome::Admitted
    } else {
        by_role(plugin, route, Some(Role::User))
    }
}

/// A key for reading `hello`, and nothing else.
fn narrow(plugin: &str, route: &Route, role: Option<Role>) -> Outcome {
    let is_meant = plugin == "hello" && route.method.as_str() == "GET";
    if is_meant || route.bearer == Bearer::Ignored {
        by_role(plugin, route, role)
    } else {
        Outcome::Forbidden
    }
}

async fn sign_up(host: &TestHost, name: &str) -> Value {
    let body = json!({
        "email": format!("{name}@example.com"), "password": PASSWORD, "name": name,
        "organizationName": format!("{name} Ltd"),
    });
    let anybody = host.anonymous();
    anybody.post("/api/auth/signup", &body).await.json_of(201)
}

fn access(host: &TestHost, signed_in: &Value) -> Actor {
    host.bearer(signed_in["accessToken"].as_str().unwrap())
}

/// Somebody who joins an organisation by invitation.
async fn join(host: &TestHost, admin: &Actor, name: &str, role: &str) -> Value {
    let email = format!("{name}@example.com");
    let invitation = json!({ "email": email, "role": role });
    let _ = admin
        .post("/api/invitations", &invitation)
        .await
        .expect(201);
    let link = host.letter(&email, "invitation", "link").await;
    let (_, token) = link.split_once("token=").unwrap();
    let acceptance = json!({ "token": token, "name": name, "password": PASSWORD });
    let anybody = host.anonymous();
    let accepted = anybody.post("/api/invitations/accept", &acceptance).await;
    assert!(accepted.status.is_success(), "{}", accepted.json());
    let login = json!({ "email": email, "password": PASSWORD });
    anybody.post("/api/auth/login", &login).await.json_of(200)
}

async fn everybody(host: &TestHost) -> Vec<Principal> {
    let mut all = Vec::new();
    let mut add = |name: &str, actor: Actor, outcome, role| {
        all.push(Principal {
            name: name.to_owned(),
            actor,
            outcome,
            role,
        });
    };

    let early = sign_up(host, "early").await;
    host.clock.advance(LATER_MS);
    add("expired", access(host, &early), invalid, None);

    let owner = sign_up(host, "owner").await;
    let admin = access(host, &owner);
    let refresh = owner["refreshToken"].as_str().unwrap();
    add("refresh token", host.bearer(refresh), invalid, None);
    add("garbage", host.bearer("garbage"), invalid, None);

    let stranger = TestHost::builder().start().await;
    let foreign = sign_up(&stranger, "owner").await;
    add("another host's", access(host, &foreign), invalid, None);

    let gone = join(host, &admin, "gone", "developer").await;
    let removed = access(host, &gone);
    let id = gone["user"]["id"].as_str().unwrap();
    let _ = admin.delete(&format!("/api/users/{id}")).await.expect(204);
    add("removed member", removed, invalid, None);

    let leaving = sign_up(host, "leaving").await;
    let ended = access(host, &leaving);
    let out = ended.post("/api/auth/logout", &json!({})).await;
    assert!(out.status.is_success(), "{}", out.json());
    add("ended session", ended, invalid, None);

    let misled = sign_up(host, "misled").await;
    suspend(host, misled["user"]["id"].as_str().unwrap()).await;
    add("suspended account", access(host, &misled), invalid, None);

    let meant_for = |audience: &str| for_audience(host, audience);
    add("wrong audience", meant_for("elsewhere"), invalid, None);
    let role = Role::Admin;
    // Nothing else is wrong with it.
    add("right audience", meant_for("stoa"), by_role, Some(role));

    let key = json!({ "name": "reader", "scopes": ["hello:read"] });
    let key = admin.post("/api/auth/keys", &key).await.json_of(201);
    let key = host.bearer(key["key"].as_str().unwrap());
    add("narrow key", key, narrow, Some(Role::Admin));

    add("anonymous", host.anonymous(), nobody, None);
    add("operator", host.operator("olga"), operator, None);
    for role in ROLES {
        let actor = host.account("somebody", role);
        add(role.as_str(), actor, by_role, Some(role));
    }
    all
}

/// What an operator does to an account that has to stop.
async fn suspend(host: &TestHost, id: &str) {
    let work = host.store.begin(&TenantId::platform()).await.unwrap();
    let accounts = CollectionName::new("accounts", "accounts");
    let suspended = json!({ "suspended": true });
    let _ = work.patch(&accounts, id, suspended, None).await.unwrap();
    work.commit().await.unwrap();
}

/// An admin whose token the host signed for this audience.
fn for_audience(host: &TestHost, audience: &str) -> Actor {
    let config = TokenConfig {
        audience: audience.to_owned(),
        ..host.token_config.clone()
    };
    let tokens = JwtTokens::new(config, host.clock.clone());
    let account = Account {
        id: "somebody".into(),
        email: None,
        role: Role::Admin,
        tenant: Some(TenantId::parse("main").unwrap()),
        operator: false,
        credential: Credential::Development,
    };
    host.bearer(&tokens.issue(&account).unwrap().0)
}

fn code(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let kind = body["type"].as_str().unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Why the cell does not hold what it should.
fn wrong(answer: &Answer, outcome: Outcome) -> Option<String> {
    let (status, code) = (answer.status.as_u16(), code(answer));
    let holds = match outcome {
        Outcome::Admitted => {
            (status, code.as_str()) != (403, "forbidden") && code != "invalid-token"
        }
        Outcome::Unauthenticated => (status, code.as_str()) == (401, "unauthenticated"),
        Outcome::Invalid => (status, code.as_str()) == (401, "invalid-token"),
        Outcome::Forbidden => (status, code.as_str()) == (403, "forbidden"),
    };
    (!holds).then(|| format!("{status} {code} instead of {outcome:?}"))
}

async fn host() -> Arc<TestHost> {
    Arc::new(TestHost::builder().every_plugin().start().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_whom_it_names_and_nobody_else() {
    let host = host().await;
    let routes = host.edge.routes();
    let everybody = everybody(&host).await;
    let mut bad = Vec::new();
    for (owner, route) in &routes {
        for principal in &everybody {
            let outcome = (principal.outcome)(owner, route, principal.role);
            let answer = ask(&principal.actor, route, "some-id").await;
            if let Some(why) = wrong(&answer, outcome) {
                let (method, path) = (route.method, &route.path);
                bad.push(format!("{method} {path} for {}: {why}", principal.name));
            }
        }
    }
    let (rows, columns) = (routes.len(), everybody.len());
    assert!(
        rows >= 75 && columns >= 17,
        "{rows} routes, {columns} principals"
    );
    assert!(bad.is_empty(), "{} cells: {bad:#?}", bad.len());
}

/// Connections that stay are begun by anybody who is signed in; which channels are theirs is asked after that.
#[tokio::test(flavor = "multi_thread")]
async fn live_updates_begin_for_whoever_is_signed_in_and_nobody_else() {
    let builder = TestHost::builder().every_plugin().guest("rooms");
    let host = Arc::new(builder.start().await);
    let everybody = everybody(&host).await;
    let own = [
        (Method::GET, "/api/live"),
        (Method::GET, "/api/live/events"),
        (Method::POST, "/api/live/tickets"),
    ];
    let mut doors: Vec<(Method, String)> = own.map(|(method, path)| (method, path.into())).into();
    let channels = host.runtime.snapshot().channels();
    let sockets = channels.iter().filter_map(|channel| channel.socket.clone());
    doors.extend(sockets.map(|path| (Method::GET, path)));
    assert!(doors.len() > 3, "no channel has a path");
    let mut bad = Vec::new();
    for (method, path) in &doors {
        for principal in &everybody {
            let Principal { name, actor, .. } = principal;
            let outcome = match name.as_str() {
                "anonymous" => Outcome::Unauthenticated,
                "narrow key" | "operator" => Outcome::Admitted,
                _ if principal.role.is_some() => Outcome::Admitted,
                _ => Outcome::Invalid,
            };
            let answer = actor.send(method.clone(), path, "").await;
            if let Some(why) = wrong(&answer, outcome) {
                bad.push(format!("{method} {path} for {name}: {why}"));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

/// What is somebody else's and what does not exist are the same to another tenant's admin.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_missing_look_alike_to_another_tenants_admin() {
    let host = host().await;
    let owner = sign_up(&host, "owner").await;
    let admin = access(&host, &owner);
    let rival = access(&host, &sign_up(&host, "rival").await);

    let member = join(&host, &admin, "member", "developer").await;
    let invitation = json!({ "email": "late@example.com", "role": "viewer" });
    let invitation = admin
        .post("/api/invitations", &invitation)
        .await
        .json_of(201);
    let key = json!({ "name": "k", "scopes": ["hello:read"] });
    let key = admin.post("/api/auth/keys", &key).await.json_of(201);
    let product = json!({ "name": "Watch", "category": "sport", "price": 10 });
    let product = admin.post("/products", &product).await.json_of(201);
    let sessions = admin.get("/api/auth/sessions").await.json_of(200);
    let organization = admin.get("/api/organization").await.json_of(200);
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let foreign = [
        id(&member["user"]),
        id(&invitation),
        id(&key),
        id(&product),
        id(&sessions["items"][0]),
        id(&organization),
    ];

    let (mut compared, mut bad) = (0, Vec::new());
    for route in objects::of_one_thing(&host) {
        for id in &foreign {
            let seen = objects::told(&rival, &route, id).await;
            let absent = objects::told(&rival, &route, &objects::missing(id)).await;
            compared += 1;
            if seen != absent {
                bad.push(format!(
                    "{} {} of {id}: {seen:?}, not {absent:?}",
                    route.method, route.path
                ));
            }
        }
    }
    assert!(compared >= 100, "only {compared} answers were compared");
    assert!(bad.is_empty(), "{bad:#?}");
}
