//! A platform with the organisations' service, and stand-ins for what the accounts' service does for it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use stoa_identity::organizations::{Accounts, Organizations, OrganizationsConfig, Sessions, found};
use stoa_identity::platform::{Platform, Unit, unavailable};
use stoa_identity::records::{
    Account as Person, Key, Membership, Organization, Plan, Record, Session,
};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::clock::Clock as _;
use stoa_kernel::error::Problem;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::identity::{Account, Credential, Principal, Role, Scopes};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::service::Service as _;
use stoa_kernel::store::{Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::wit::Collection;
use stoa_testkit::{SeededRandom, TestHost};
use tokio::task::JoinSet;

/// Parallel attempts: as many as the invariants ask for.
pub const PARALLEL: usize = 32;

/// What a handler answered.
pub type Answer = Result<Response, Problem>;

pub struct World {
    pub host: TestHost,
    pub platform: Platform,
    pub service: Arc<Organizations>,
}

/// Writes letters into a collection, so that those of a unit that is rolled back are none.
struct Drawer;

fn letters() -> CollectionName {
    CollectionName::new("drawer", "letters")
}

#[async_trait]
impl Post for Drawer {
    async fn enqueue(&self, unit: &dyn UnitOfWork, letter: &Letter) -> Result<(), StoreError> {
        let collection = letters();
        let body = serde_json::to_value(letter).unwrap();
        let id = letter.values["link"].to_string();
        let created = unit.create(&collection, &id, body, Expiry::Never);
        created.await.map(drop)
    }

    fn wake(&self) {}
}

/// Moves sessions and says where they are.
struct Moving;

#[async_trait]
impl Sessions for Moving {
    async fn switch(
        &self,
        unit: &Unit,
        session: &str,
        tenant: &TenantId,
    ) -> Result<Value, Problem> {
        let found: Option<Session> = unit.get(session).await?;
        let mut record = found.ok_or_else(Problem::unauthenticated)?;
        record.tenant = Some(tenant.clone());
        unit.put(session, &record).await.map_err(unavailable)?;
        Ok(json!({"accessToken": format!("{session} in {tenant}")}))
    }
}

/// Makes accounts whose password is stored as it is.
struct Making(Mutex<Option<Platform>>);

#[async_trait]
impl Accounts for Making {
    async fn ensure(
        &self,
        unit: &Unit,
        email: &str,
        name: &str,
        password: &str,
    ) -> Result<String, Problem> {
        let platform = self.0.lock().unwrap().clone().unwrap();
        let id = platform.fresh_id();
        let mut account = person(email, name);
        account.password = Some(password.to_owned());
        unit.create(&id, &account).await.map_err(unavailable)?;
        Ok(id)
    }
}

pub fn person(email: &str, name: &str) -> Person {
    Person {
        email: email.to_owned(),
        name: name.to_owned(),
        password: None,
        verified: false,
        operator: false,
        suspended: false,
        home: None,
        failures: 0,
        locked_until: 0,
        created_at: 0,
    }
}

pub fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub async fn world() -> World {
    let host = TestHost::builder().start().await;
    let platform = Platform::new(
        host.store.clone(),
        Arc::new(Drawer),
        host.clock.clone(),
        Arc::new(SeededRandom::new(7)),
    )
    .reserving([tenant("shop-of-the-house")]);
    let service = Organizations::new(
        platform.clone(),
        OrganizationsConfig {
            public_url: "https://shop.example".into(),
        },
        Arc::new(Moving),
        Arc::new(Making(Mutex::new(Some(platform.clone())))),
    )
    .unwrap();
    platform.declare(&service.package().manifest).await.unwrap();
    let lists = |lists: &[&[&str]]| -> Vec<Vec<String>> {
        let list = |list: &&[&str]| list.iter().map(|field| (*field).to_owned()).collect();
        lists.iter().map(list).collect()
    };
    let unique = |fields| Collection {
        unique: lists(fields),
        ..Collection::default()
    };
    let indexed = |fields| Collection {
        indexes: lists(fields),
        ..Collection::default()
    };
    let accounts = [
        ("accounts".to_owned(), unique(&[&["email"]])),
        ("keys".to_owned(), indexed(&[&["account", "tenant"]])),
        ("sessions".to_owned(), indexed(&[&["account", "tenant"]])),
    ];
    let store = &host.store;
    let declared = store.declare(Realm::Platform, "accounts", &accounts).await;
    declared.unwrap();
    let drawer = [("letters".to_owned(), Collection::default())];
    let declared = store.declare(Realm::Platform, "drawer", &drawer).await;
    declared.unwrap();
    World {
        host,
        platform,
        service: Arc::new(service),
    }
}

/// Who calls in a test.
#[derive(Clone)]
pub struct Caller(pub Option<Account>);

impl Caller {
    pub fn nobody() -> Self {
        Self(None)
    }

    /// Somebody who is signed in: their account's name is id, address and session at once.
    pub fn of(id: &str, role: Role, tenant: Option<&TenantId>) -> Self {
        Self(Some(Account {
            id: id.to_owned(),
            email: Some(format!("{id}@example.com")),
            role,
            tenant: tenant.cloned(),
            credential: Credential::Session(format!("session-{id}").into()),
        }))
    }

    pub fn with(mut self, credential: Credential) -> Self {
        self.0.as_mut().unwrap().credential = credential;
        self
    }

    /// The same by an API key that may do everything.
    pub fn by_key(self) -> Self {
        let scopes = Arc::new(Scopes::parse(["*:write"]).unwrap());
        self.with(Credential::Key {
            id: "key".into(),
            scopes,
        })
    }
}

impl World {
    /// Writes a record.
    pub async fn put<R: Record>(&self, id: &str, record: &R) {
        let put = self
            .platform
            .transact(|unit| async move { unit.put(id, record).await.map_err(unavailable) });
        put.await.unwrap();
    }

    /// Reads one.
    pub async fn get<R: Record>(&self, id: &str) -> Option<R> {
        self.platform.unit().await.unwrap().get(id).await.unwrap()
    }

    pub async fn organization(&self, tenant: &TenantId) -> Organization {
        self.get(tenant.as_str()).await.unwrap()
    }

    pub async fn membership(&self, tenant: &TenantId, id: &str) -> Option<Membership> {
        self.get(&Membership::id(tenant, id)).await
    }

    pub async fn set_plan(&self, tenant: &TenantId, plan: Plan) {
        let mut organization = self.organization(tenant).await;
        organization.plan = plan;
        self.put(tenant.as_str(), &organization).await;
    }

    /// An account with a session that works nowhere yet.
    pub async fn person(&self, id: &str) {
        let email = format!("{id}@example.com");
        self.put(id, &person(&email, &id.to_uppercase())).await;
        self.session(&format!("session-{id}"), id, None).await;
    }

    pub async fn session(&self, id: &str, account: &str, tenant: Option<&TenantId>) {
        let session = Session {
            account: account.to_owned(),
            tenant: tenant.cloned(),
            family: format!("family of {id}"),
            token: format!("token of {id}"),
            before: None,
            user_agent: None,
            address: None,
            created_at: 0,
            used_at: 0,
            ends_at: u64::MAX >> 12,
        };
        self.put(id, &session).await;
    }

    pub async fn key(&self, id: &str, account: &str, tenant: &TenantId, role: Role) {
        let key = Key {
            name: id.to_owned(),
            tenant: tenant.clone(),
            account: account.to_owned(),
            role,
            scopes: vec!["*:read".into()],
            secret: "secret".into(),
            created_at: 0,
            used_at: None,
            ends_at: None,
        };
        self.put(id, &key).await;
    }

    /// An organisation with this admin, who has an account.
    pub async fn founded(&self, founder: &str, name: &str) -> TenantId {
        if self.get::<Person>(founder).await.is_none() {
            self.person(founder).await;
        }
        let platform = &self.platform;
        let founding =
            platform.transact(|unit| async move { found(platform, &unit, founder, name).await });
        founding.await.unwrap()
    }

    /// A new member, invited by `admin` and in by their own hand.
    pub async fn joined(&self, admin: &Caller, id: &str, role: Role) -> Caller {
        if self.get::<Person>(id).await.is_none() {
            self.person(id).await;
        }
        let email = format!("{id}@example.com");
        let invited = json!({"email": email, "role": role});
        self.post(admin, "invite", invited).await.unwrap();
        let tenant = admin.0.as_ref().unwrap().tenant.clone();
        let accepted = json!({"token": self.token_for(&email).await});
        let caller = Caller::of(id, Role::User, None);
        let answer = self.post(&caller, "accept_invitation", accepted).await;
        assert_eq!(answer.unwrap().status, 200);
        Caller::of(id, role, tenant.as_ref())
    }

    /// Every letter that was sent, by the time of its invitation's end.
    pub async fn letters(&self) -> Vec<Value> {
        let work = self.host.store.begin(&TenantId::platform()).await.unwrap();
        let query = stoa_kernel::query::Query {
            limit: 200,
            ..Default::default()
        };
        let page = work.query(&letters(), &query).await.unwrap();
        let read =
            |document: &stoa_kernel::store::Document| serde_json::from_str(&document.body).unwrap();
        let mut letters: Vec<Value> = page.items.iter().map(read).collect();
        letters.sort_by_key(|letter| letter["values"]["expiresAt"].to_string());
        letters
    }

    /// The token in the last letter to an address.
    pub async fn token_for(&self, email: &str) -> String {
        let letters = self.letters().await;
        let letter = letters.iter().rfind(|letter| letter["to"] == email);
        let link = letter.unwrap()["values"]["link"]
            .as_str()
            .unwrap()
            .to_owned();
        link.split_once("#token=").unwrap().1.to_owned()
    }

    pub async fn get_from(&self, caller: &Caller, handler: &str, query: &str) -> Answer {
        self.call(caller, handler, None, query, Value::Null).await
    }

    pub async fn post(&self, caller: &Caller, handler: &str, body: Value) -> Answer {
        self.call(caller, handler, None, "", body).await
    }

    pub async fn on(&self, caller: &Caller, handler: &str, id: &str, body: Value) -> Answer {
        self.call(caller, handler, Some(id), "", body).await
    }

    /// Calls a handler as the edge does.
    pub async fn call(
        &self,
        caller: &Caller,
        handler: &str,
        id: Option<&str>,
        query: &str,
        body: Value,
    ) -> Answer {
        let request = request(caller, id, query, body);
        self.service.handle(handler, request).await
    }

    /// Calls a handler many times at once, each with its own caller, id and body.
    pub async fn race(
        &self,
        handler: &'static str,
        attempts: impl IntoIterator<Item = (Caller, Option<String>, Value)>,
    ) -> Vec<Answer> {
        let mut racing = JoinSet::new();
        for (caller, id, body) in attempts {
            let service = Arc::clone(&self.service);
            let request = request(&caller, id.as_deref(), "", body);
            racing.spawn(async move { service.handle(handler, request).await });
        }
        racing.join_all().await
    }

    pub fn now(&self) -> u64 {
        self.host.clock.now()
    }
}

fn request(caller: &Caller, id: Option<&str>, query: &str, body: Value) -> Request {
    let account = caller.0.clone();
    let named = account.as_ref().and_then(|account| account.tenant.clone());
    Request {
        id: "test".into(),
        address: None,
        tenant: named.unwrap_or_default(),
        principal: Principal {
            account,
            session: None,
        },
        params: id
            .map(|id| ("id".into(), id.to_owned()))
            .into_iter()
            .collect(),
        query: query.to_owned(),
        headers: Vec::new(),
        body: match body {
            Value::Null => Bytes::new(),
            body => Bytes::from(body.to_string()),
        },
        idempotency: None,
    }
}

/// The body of a good answer.
pub fn body(answer: Answer) -> Value {
    let answer = answer.unwrap();
    assert!((200..300).contains(&answer.status), "{}", answer.status);
    serde_json::from_slice(&answer.body).unwrap()
}

/// Status and word of a refusal.
pub fn refusal(answer: Answer) -> (u16, String) {
    let problem = answer.map(|answer| answer.status).unwrap_err();
    (problem.status, problem.code.into_owned())
}

/// The same as a pair of texts.
pub fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// How many answers succeeded, and that all others were refused with one of these words.
pub fn successes(answers: Vec<Answer>, words: &[&str]) -> usize {
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    for answer in bad {
        let problem = answer.map(|answer| answer.status).unwrap_err();
        assert!(words.contains(&&*problem.code), "{problem:?}");
    }
    good.len()
}
