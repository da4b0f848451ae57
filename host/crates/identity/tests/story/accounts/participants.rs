//! Others who keep data about people.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stoa_identity::accounts::{Accounts, AccountsConfig, Lifetimes, Participants};
use stoa_identity::passwords::Cost;
use stoa_identity::platform::Platform;
use stoa_identity::{JwtTokens, SigningKey, TokenConfig};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Credential, Principal, Role};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::service::Service as _;
use stoa_kernel::store::{StoreError, UnitOfWork};
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

/// Keeps orders, and a list of those whom it forgot.
#[derive(Default)]
struct Orders {
    is_down: AtomicBool,
    erased: Mutex<Vec<(String, Vec<TenantId>)>>,
}

#[async_trait]
impl Participants for Orders {
    async fn export(&self, account: &str, tenants: &[TenantId]) -> Result<Value, Problem> {
        Ok(json!({ "orders": { "of": account, "in": tenants } }))
    }

    async fn erase(&self, account: &str, tenants: &[TenantId]) -> Result<(), Problem> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Problem::unavailable(1, "orders are down"));
        }
        let mut erased = self.erased.lock().unwrap();
        erased.push((account.to_owned(), tenants.to_vec()));
        Ok(())
    }
}

struct World {
    service: Accounts,
    orders: Arc<Orders>,
    _host: TestHost,
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
    let tokens = JwtTokens::new(TokenConfig::for_tests(key), host.clock.clone());
    let config = AccountsConfig {
        public_url: "https://shop.example".into(),
        default_tenant: TenantId::parse("main").unwrap(),
        sessions: Lifetimes::DEFAULT,
        password_cost: Cost::FOR_TESTS,
    };
    let orders = Arc::new(Orders::default());
    let participants: [Arc<dyn Participants>; 1] = [orders.clone()];
    let service = Accounts::new(platform, Arc::new(tokens), config).unwrap();
    World {
        service: service.with_participants(participants),
        orders,
        _host: host,
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
            idempotency: None,
            cause: None,
        };
        self.service.handle(handler, request).await
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
async fn an_account_goes_only_when_all_others_have_forgotten_it() {
    let world = world().await;
    let ada = world.ada().await;
    let body = json!({ "password": PASSWORD });
    world.orders.is_down.store(true, Ordering::SeqCst);
    let refused = world.call(Some(&ada), "erase", body.clone()).await;
    assert_eq!(refused.unwrap_err().status, 503);
    let me = world.call(Some(&ada), "me", Value::Null).await;
    assert_eq!(me.unwrap().status, 200, "the account is as it was");

    world.orders.is_down.store(false, Ordering::SeqCst);
    let erased = world.call(Some(&ada), "erase", body).await.unwrap();
    assert_eq!(erased.status, 204);
    let tenants = ["acme", "main"].map(|id| TenantId::parse(id).unwrap());
    let asked = world.orders.erased.lock().unwrap().clone();
    assert_eq!(asked, [(ada.clone(), tenants.to_vec())]);
    let gone = world.call(Some(&ada), "me", Value::Null).await;
    assert_eq!(gone.unwrap_err().status, 401);
}

#[tokio::test]
async fn who_can_not_go_is_forgotten_by_nobody() {
    let world = world().await;
    let ada = world.ada().await;
    let wrong = json!({ "password": "wrong horse" });
    let refused = world.call(Some(&ada), "erase", wrong).await;
    assert_eq!(refused.unwrap_err().status, 403);
    assert!(world.orders.erased.lock().unwrap().is_empty());
}
