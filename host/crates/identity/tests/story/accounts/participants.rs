//! Others who keep data about people.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use stoa_identity::accounts::{Accounts, AccountsConfig, Lifetimes};
use stoa_identity::organizations;
use stoa_identity::passwords::Cost;
use stoa_identity::platform::Platform;
use stoa_identity::{JwtTokens, SigningKey, TokenConfig};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Principal, Role};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::personal_data::PersonalData;
use stoa_kernel::service::Service as _;
use stoa_kernel::store::{Store as _, StoreError, UnitOfWork};
use stoa_testkit::{SeededRandom, TestHost};

const PASSWORD: &str = "correct horse battery";

/// Burns letters.
struct Stove;

#[async_trait]
impl Post for Stove {
    async fn enqueue(&self, _: &dyn UnitOfWork, _: &Letter) -> Result<(), StoreError> {
        Ok(())
    }

    fn wake(&self) {}
}

/// Keeps orders.
#[derive(Default)]
struct Orders {
    is_down: AtomicBool,
}

#[async_trait]
impl PersonalData for Orders {
    async fn export(
        &self,
        account: &str,
        tenants: &[TenantId],
    ) -> Result<Map<String, Value>, Problem> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Problem::unavailable(1, "orders are down"));
        }
        let kept = json!({ "of": account, "in": tenants });
        Ok(Map::from_iter([("orders".to_owned(), kept)]))
    }
}

struct World {
    service: Accounts,
    orders: Arc<Orders>,
    platform: Platform,
    host: TestHost,
}

async fn world() -> World {
    let host = TestHost::builder().start().await;
    let platform = Platform::new(
        host.store.clone(),
        Arc::new(Stove),
        host.clock.clone(),
        Arc::new(SeededRandom::new(7)),
    );
    let key = SigningKey::generate().unwrap();
    let members = platform.clone();
    let tokens = JwtTokens::new(TokenConfig::for_tests(key), host.clock.clone());
    let config = AccountsConfig {
        public_url: "https://shop.example".into(),
        default_tenant: TenantId::parse("main").unwrap(),
        sessions: Lifetimes::DEFAULT,
        password_cost: Cost::FOR_TESTS,
    };
    let orders = Arc::new(Orders::default());
    let participants: [Arc<dyn PersonalData>; 1] = [orders.clone()];
    let service = Accounts::new(platform, Arc::new(tokens), config).unwrap();
    World {
        service: service.with_participants(participants),
        orders,
        platform: members,
        host,
    }
}

impl World {
    async fn call(
        &self,
        caller: Option<&str>,
        handler: &str,
        body: Value,
    ) -> Result<Response, Problem> {
        let account = caller.map(|id| Account {
            id: id.to_owned(),
            email: None,
            role: Role::User,
            tenant: Some(TenantId::parse("main").unwrap()),
            operator: false,
            credential: Credential::Session("this".into()),
        });
        let request = Request {
            id: "test".into(),
            address: None,
            tenant: TenantId::parse("main").unwrap(),
            principal: Principal {
                account,
                session: None,
            },
            params: Vec::new(),
            query: String::new(),
            headers: Vec::new(),
            body: Bytes::from(body.to_string()),
            cause: None,
            idempotency: None,
        };
        self.service.handle(handler, request).await
    }

    /// What tenants were told under this name: the tenants with the payloads.
    async fn told(&self, name: &str) -> Vec<(String, Value)> {
        let platform = TenantId::platform();
        let outbox = self.host.store.outbox(&platform, None, 1_000);
        let events = outbox.await.unwrap().into_iter();
        let told = events.filter(|event| event.name == name).map(|event| {
            assert_eq!(event.plugin, "host");
            let payload = serde_json::from_str(&event.payload).unwrap();
            (event.tenant.unwrap().to_string(), payload)
        });
        told.collect()
    }

    /// The id of somebody new with an organisation.
    async fn ada(&self) -> String {
        let body = json!({
            "email": "ada@example.com", "password": PASSWORD, "name": "Ada", "organizationName": "Acme",
        });
        let signed = self.call(None, "signup", body).await.unwrap();
        let signed: Value = serde_json::from_slice(&signed.body).unwrap();
        signed["user"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn what_others_keep_is_taken_along_from_every_tenant() {
    let world = world().await;
    let ada = world.ada().await;
    let export = world.call(Some(&ada), "export", Value::Null).await.unwrap();
    let export: Value = serde_json::from_slice(&export.body).unwrap();
    let expected = json!({ "orders": { "of": ada, "in": ["acme", "main"] } });
    assert_eq!(export["data"], expected);
}

#[tokio::test]
async fn a_part_is_never_told_for_the_whole() {
    let world = world().await;
    let ada = world.ada().await;
    world.orders.is_down.store(true, Ordering::SeqCst);
    let refused = world.call(Some(&ada), "export", Value::Null).await;
    assert_eq!(refused.unwrap_err().status, 503);
}

#[tokio::test]
async fn an_account_ends_together_with_the_word_to_forget_it_in_each_of_its_tenants() {
    let world = world().await;
    let ada = world.ada().await;
    let body = json!({ "password": PASSWORD });
    let erased = world.call(Some(&ada), "erase", body).await.unwrap();
    assert_eq!(erased.status, 204);
    let gone = world.call(Some(&ada), "me", Value::Null).await;
    assert_eq!(gone.unwrap_err().status, 401);
    assert_eq!(
        world.told("user.erased").await,
        [
            ("acme".to_owned(), json!({ "userId": ada })),
            ("main".to_owned(), json!({ "userId": ada })),
        ]
    );
}

#[tokio::test]
async fn what_was_left_behind_in_a_former_organisation_is_forgotten_there() {
    let world = world().await;
    world.ada().await;
    let body = json!({ "email": "bob@example.com", "password": PASSWORD, "name": "Bob" });
    let signed = world.call(None, "register", body).await.unwrap();
    let signed: Value = serde_json::from_slice(&signed.body).unwrap();
    let bob = signed["user"]["id"].as_str().unwrap();
    let acme = &TenantId::parse("acme").unwrap();
    let joined = world.platform.transact(|unit| async move {
        organizations::appoint(&unit, acme, bob, Role::Viewer, 0).await
    });
    joined.await.unwrap();
    let left = world
        .platform
        .transact(|unit| async move { organizations::remove(&unit, acme, bob).await });
    left.await.unwrap();

    let export = world.call(Some(bob), "export", Value::Null).await.unwrap();
    let export: Value = serde_json::from_slice(&export.body).unwrap();
    assert_eq!(export["data"]["orders"]["in"], json!(["acme", "main"]));
    let body = json!({ "password": PASSWORD });
    let _ = world.call(Some(bob), "erase", body).await.unwrap();
    let told = world.told("user.erased").await;
    let tenants: Vec<&str> = told.iter().map(|(tenant, _)| tenant.as_str()).collect();
    assert_eq!(tenants, ["acme", "main"]);
}

#[tokio::test]
async fn who_can_not_go_is_forgotten_by_nobody() {
    let world = world().await;
    let ada = world.ada().await;
    let wrong = json!({ "password": "wrong horse" });
    let refused = world.call(Some(&ada), "erase", wrong).await;
    assert_eq!(refused.unwrap_err().status, 403);
    assert!(world.told("user.erased").await.is_empty());
}

#[tokio::test]
async fn a_tenant_is_told_of_those_who_begin_sign_in_and_show_their_address() {
    let world = world().await;
    let ada = world.ada().await;
    let times = |mut payload: Value| {
        assert_eq!(payload["timestamp"], "2026-01-01T00:00:00.000Z");
        payload.as_object_mut().unwrap().remove("timestamp");
        payload
    };
    let registered = world.told("user.registered").await;
    let [(tenant, payload)] = &registered[..] else {
        panic!("{registered:?}")
    };
    assert_eq!(tenant, "acme");
    let expected = json!({
        "userId": ada, "email": "ada@example.com", "name": "Ada", "firstName": "Ada",
    });
    assert_eq!(times(payload.clone()), expected);
    assert!(
        world.told("user.logged-in").await.is_empty(),
        "she has signed up"
    );

    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    world.call(None, "login", login).await.unwrap();
    let wrong = json!({ "email": "ada@example.com", "password": "wrong horse" });
    assert!(world.call(None, "login", wrong).await.is_err());
    let logged_in = world.told("user.logged-in").await;
    let [(tenant, payload)] = &logged_in[..] else {
        panic!("{logged_in:?}")
    };
    assert_eq!(tenant, "acme");
    let expected = json!({ "userId": ada, "email": "ada@example.com" });
    assert_eq!(times(payload.clone()), expected);

    let bob = json!({ "email": "bob@example.com", "password": PASSWORD, "name": "Bob" });
    world.call(None, "register", bob.clone()).await.unwrap();
    assert!(world.call(None, "register", bob).await.is_err());
    let registered = world.told("user.registered").await;
    assert_eq!(registered.len(), 2, "who was refused is told to nobody");
    assert_eq!(registered[1].0, "main");
    assert!(world.told("user.verified").await.is_empty());
}
