//! The two routes: from the first click to an open session.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stoa_identity::Platform;
use stoa_identity::oidc::{Opens, google_callback, google_start};
use stoa_identity::platform::{Unit, unavailable};
use stoa_identity::records::{Account, External, Record};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Principal;
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::query::Filter;
use stoa_kernel::store::{StoreError, UnitOfWork};
use stoa_testkit::TestHost;

use crate::world::{Machine, Side, config};
use stoa_testkit::oidc::{Browser, Peer, Wish};

/// Opens sessions that say whose they are.
struct Opener;

#[async_trait]
impl Opens for Opener {
    async fn open(
        &self,
        unit: &Unit,
        account: &str,
        _: bool,
        _: &Request,
    ) -> Result<Value, Problem> {
        let stored: Option<Account> = unit.get(account).await?;
        let email = stored.unwrap().email;
        Ok(json!({"user": {"id": account, "email": email}, "refreshToken": "opaque"}))
    }
}

/// A post that nobody uses.
struct NoPost;

#[async_trait]
impl Post for NoPost {
    async fn enqueue(&self, _: &dyn UnitOfWork, _: &Letter) -> Result<(), StoreError> {
        Err(StoreError::Invalid("signing in sends no letter".into()))
    }

    fn wake(&self) {}
}

struct Site {
    side: Side,
    platform: Platform,
    /// Its store holds everything.
    _host: TestHost,
}

fn request(query: &str, cookie: Option<&str>) -> Request {
    let other = ("cookie".to_owned(), "theme=dark".to_owned());
    let cookie = cookie.map(|cookie| ("cookie".to_owned(), format!("a=b; {cookie}; c=d")));
    Request {
        id: "request".into(),
        address: None,
        tenant: TenantId::platform(),
        principal: Principal::default(),
        params: Vec::new(),
        query: query.into(),
        headers: [other].into_iter().chain(cookie).collect(),
        body: Bytes::new(),
        cause: None,
        idempotency: None,
    }
}

fn header<'r>(response: &'r Response, name: &str) -> Vec<&'r str> {
    let found = response.headers.iter().filter(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).collect()
}

impl Site {
    async fn new() -> Self {
        Self::over(Side::of(Peer::shared())).await
    }

    async fn over(side: Side) -> Self {
        let host = TestHost::builder().start().await;
        let clock = Arc::clone(&side.clock);
        let platform = Platform::new(
            host.store.clone(),
            Arc::new(NoPost),
            clock,
            Arc::new(Machine),
        );
        Self {
            side,
            platform,
            _host: host,
        }
    }

    /// An account made here.
    async fn local(&self, id: &str, email: &str, changes: Value) {
        let mut account = json!({
            "email": email, "name": "Local", "password": null, "verified": true,
            "home": null, "created_at": 1,
        });
        let members = changes.as_object().unwrap().clone();
        account.as_object_mut().unwrap().extend(members);
        let account: &Account = &serde_json::from_value(account).unwrap();
        let placed = self
            .platform
            .transact(|unit| async move { unit.put(id, account).await.map_err(unavailable) });
        placed.await.unwrap();
    }

    /// Every record of a kind, as it is stored.
    async fn all<R: Record>(&self) -> Vec<Value> {
        let unit = self.platform.unit().await.unwrap();
        let found = unit.all::<R>(Filter::And(Vec::new())).await.unwrap();
        let stored = found.into_iter().map(|stored| json!(stored.record));
        stored.collect()
    }

    /// Takes an account away.
    async fn forget(&self, id: &str) {
        let forgotten = self
            .platform
            .transact(|unit| async move { unit.delete::<Account>(id).await });
        assert!(forgotten.await.unwrap());
    }

    async fn sign_in(&self, login: &str, start: &str) -> Result<Response, Problem> {
        let provider = Some(&self.side.provider);
        let started = google_start(&request(start, None), provider).await?;
        assert_eq!(started.status, 302);
        let query = Browser::new()
            .walk(header(&started, "location")[0], Wish::SignIn(login))
            .await;
        let cookie = header(&started, "set-cookie")[0].split(';').next().unwrap();
        let request = request(&query, Some(cookie));
        // Boxed as the service's handler will be: it has to be able to move between threads.
        let answer: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(google_callback(&request, provider, &self.platform, &Opener));
        answer.await
    }

    async fn account_of(&self, login: &str) -> String {
        let answer = self.sign_in(login, "").await.unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["user"]["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_finds_it_again() {
    let site = Site::new().await;
    let answer = site.sign_in("ada", "").await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "cache-control"), ["no-store"]);
    let cleared = "stoa_oidc=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
    assert_eq!(header(&answer, "set-cookie"), [cleared]);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["user"]["email"], "ada@example.com");

    let account = &site.all::<Account>().await[0];
    assert_eq!(account["name"], "Name of ada");
    assert_eq!(account["verified"], true);
    assert_eq!(account["password"], Value::Null);
    let external = &site.all::<External>().await[0];
    assert_eq!(external["subject"], "ada");
    assert_eq!(external["account"], body["user"]["id"]);

    assert_eq!(
        site.account_of("ada").await,
        body["user"]["id"].as_str().unwrap()
    );
    assert_eq!(site.all::<Account>().await.len(), 1);
}

#[tokio::test]
async fn who_deleted_their_account_comes_back_as_somebody_new() {
    let site = Site::new().await;
    let before = site.account_of("ada").await;
    site.forget(&before).await;
    let after = site.account_of("ada").await;
    assert_ne!(after, before);
    assert_eq!(site.account_of("ada").await, after);
}

#[tokio::test]
async fn with_a_path_to_return_to_no_token_is_in_the_address() {
    let site = Site::new().await;
    let answer = site
        .sign_in("ada", "returnTo=%2Faccount%3Ftab%3D2")
        .await
        .unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(header(&answer, "location"), ["/account?tab=2"]);
    assert!(answer.body.is_empty());
    let refresh =
        "stoa_refresh=opaque; Path=/api/auth/refresh; HttpOnly; SameSite=Strict".to_owned();
    assert_eq!(header(&answer, "set-cookie")[1], refresh);
}

#[tokio::test]
async fn over_tls_no_other_host_can_set_the_cookie() {
    let mut config = config(Peer::shared(), "stoa");
    config.secure_cookies = true;
    let site = Site::over(Side::with(config)).await;
    let answer = site.sign_in("ada", "returnTo=/").await.unwrap();
    for (cookie, name) in header(&answer, "set-cookie")
        .into_iter()
        .zip(["__Host-stoa_oidc=;", "stoa_refresh="])
    {
        assert!(
            cookie.starts_with(name) && cookie.ends_with("; Secure"),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn an_account_with_the_same_verified_address_is_joined() {
    let site = Site::new().await;
    site.local("local", "ada@example.com", json!({})).await;
    assert_eq!(site.account_of("ada").await, "local");
    // From now on by subject, whatever becomes of the address.
    site.local("local", "ada@elsewhere.example", json!({"verified": false}))
        .await;
    assert_eq!(site.account_of("ada").await, "local");
}

#[tokio::test]
async fn an_account_whose_address_one_side_has_not_verified_is_not_joined() {
    let site = Site::new().await;
    site.local("one", "ada@example.com", json!({"verified": false}))
        .await;
    site.local("two", "unverified-bob@example.com", json!({}))
        .await;
    for login in ["ada", "unverified-bob"] {
        let problem = site.sign_in(login, "").await.unwrap_err();
        assert_eq!(
            (problem.status, &*problem.code),
            (409, "sign-in-not-linked")
        );
    }
    assert!(site.all::<External>().await.is_empty());
}

#[tokio::test]
async fn nobody_takes_an_address_that_is_not_shown_to_be_theirs() {
    let site = Site::new().await;
    let problem = site.sign_in("unverified-eve", "").await.unwrap_err();
    assert_eq!(
        (problem.status, &*problem.code),
        (409, "address-not-verified")
    );
    assert!(site.all::<Account>().await.is_empty());
}

#[tokio::test]
async fn a_suspended_account_is_not_signed_in() {
    let site = Site::new().await;
    site.local("local", "ada@example.com", json!({})).await;
    assert_eq!(site.account_of("ada").await, "local");
    site.local("local", "ada@example.com", json!({"suspended": true}))
        .await;
    let problem = site.sign_in("ada", "").await.unwrap_err();
    assert_eq!((problem.status, &*problem.code), (403, "account-suspended"));
    site.local("other", "bob@example.com", json!({"suspended": true}))
        .await;
    assert_eq!(site.sign_in("bob", "").await.unwrap_err().status, 403);
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_here() {
    let site = Site::new().await;
    let request = request("code=x&state=y", None);
    let started = google_start(&request, None).await;
    assert_eq!(started.unwrap_err(), Problem::not_found());
    let finished = google_callback(&request, None, &site.platform, &Opener).await;
    assert_eq!(finished.unwrap_err(), Problem::not_found());
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_is_refused_before_anything_begins() {
    let site = Site::new().await;
    for query in [
        "returnTo=https://evil.example",
        "returnTo=//evil.example",
        "returnTo=%2F%5Cevil.example",
        "returnTo=",
    ] {
        let started = google_start(&request(query, None), Some(&site.side.provider)).await;
        let problem = started.unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some("returnTo")),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_callback_out_of_nowhere_is_a_client_s_mistake() {
    let site = Site::new().await;
    let request = request("code=x&state=y", None);
    let provider = Some(&site.side.provider);
    let answer = google_callback(&request, provider, &site.platform, &Opener).await;
    let problem = answer.unwrap_err();
    assert_eq!((problem.status, &*problem.code), (400, "sign-in-expired"));
}
