//! A platform with the organisations' service, and what tests do with it.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_identity::organizations::{Organizations, OrganizationsConfig, found};
use stoa_identity::platform::{Platform, unavailable};
use stoa_identity::records::{
    Account as Person, Key, Membership, Organization, Plan, Record, Session,
};
use stoa_kernel::clock::Clock as _;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Role;
use stoa_kernel::query::Query;
use stoa_kernel::service::Service as _;
use stoa_kernel::store::{Document, Realm, Store as _};
use stoa_kernel::wit::Collection;
use stoa_testkit::{SeededRandom, TestHost};
use tokio::task::JoinSet;

use super::standins::{Drawer, Making, Moving, letters, person};

pub use super::answers::{Answer, body, refusal, refused, successes};
pub use super::caller::{Caller, request};

/// Parallel attempts: as many as the invariants ask for.
pub const PARALLEL: usize = 32;

/// The tenant of those who work in no organisation.
pub const HOUSE: &str = "shop-of-the-house";

pub struct World {
    pub host: TestHost,
    pub platform: Platform,
    pub service: Arc<Organizations>,
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
    .reserving([tenant(HOUSE)]);
    let service = Organizations::new(
        platform.clone(),
        OrganizationsConfig {
            public_url: "https://shop.example".into(),
            default_tenant: tenant(HOUSE),
        },
        Arc::new(Moving),
        Arc::new(Making(platform.clone())),
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
        (
            "accounts".to_owned(),
            Collection {
                indexes: lists(&[&["home", "created_at"], &["appointed", "created_at"]]),
                ..unique(&[&["email"]])
            },
        ),
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

/// Many attempts of two callers, by turns, upon each other.
pub fn mutual<'a>(
    (one, one_id): (&'a Caller, &'a str),
    (other, other_id): (&'a Caller, &'a str),
    body: &'a Value,
) -> impl Iterator<Item = (Caller, Option<String>, Value)> + 'a {
    (0..PARALLEL).map(move |n| {
        let (caller, id) = if n % 2 == 0 {
            (one, other_id)
        } else {
            (other, one_id)
        };
        (caller.clone(), Some(id.to_owned()), body.clone())
    })
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
            epoch: 0,
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
        let query = Query {
            limit: 200,
            ..Query::default()
        };
        let page = work.query(&letters(), &query).await.unwrap();
        let read = |document: &Document| serde_json::from_str(&document.body).unwrap();
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
