//! Accounts and organisations of a test's host, and the letters that they send.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use stoa_identity::accounts::{AccountsConfig, Lifetimes};
use stoa_identity::organizations::OrganizationsConfig;
use stoa_identity::passwords::Cost;
use stoa_identity::{
    Accounts, Identity, IdentityConfig, JwtTokens, Organizations, Platform, SigningKey, TokenConfig,
};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::personal_data::PersonalData;
use stoa_kernel::query::Query;
use stoa_kernel::service::Service;
use stoa_kernel::store::{Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::wit::Collection;
use stoa_live::Hub;
use stoa_store::SurrealStore;

use crate::{FakeClock, SeededRandom, TestHost};

/// Seconds that a test's tokens live: longer than any test lets the clock run that does not say otherwise.
const TOKEN_LIFETIME_S: u32 = 30 * 86_400;

/// With what links in letters begin.
const PUBLIC_URL: &str = "https://stoa.test";

/// Owner and name of the collection of letters.
const LETTERS: (&str, &str) = ("letterbox", "letters");

/// Letters that a test reads at most.
const LETTERS_MAX: u32 = 200;

/// What a test may say about accounts.
#[derive(Debug, Clone, Copy)]
pub struct PeopleConfig {
    /// Seconds that access tokens live.
    pub token_lifetime_s: u32,
    /// Whether tokens are good that no session stands behind.
    pub development_tokens: bool,
    /// What a password's hash costs.
    pub password_cost: Cost,
}

impl Default for PeopleConfig {
    fn default() -> Self {
        Self {
            token_lifetime_s: TOKEN_LIFETIME_S,
            development_tokens: true,
            password_cost: Cost::FOR_TESTS,
        }
    }
}

pub(crate) struct People {
    pub(crate) identity: Arc<Identity>,
    pub(crate) services: Vec<Arc<dyn Service>>,
}

/// The platform's database, with a letterbox instead of the post.
pub(crate) async fn platform(
    store: Arc<SurrealStore>,
    clock: Arc<FakeClock>,
    random: Arc<SeededRandom>,
    default_tenant: &TenantId,
    live: Arc<Hub>,
) -> Platform {
    let (owner, name) = LETTERS;
    let letters = [(name.to_owned(), Collection::default())];
    let declared = store.declare(Realm::Platform, owner, &letters).await;
    declared.expect("the letterbox");
    let letterbox = Arc::new(Letterbox(random.clone(), clock.clone()));
    Platform::new(store, letterbox, clock, random)
        .reserving([default_tenant.clone()])
        .telling(live)
}

/// How a host of its own signs access tokens.
pub(crate) fn tokens(config: PeopleConfig) -> TokenConfig {
    TokenConfig {
        lifetime_s: config.token_lifetime_s,
        ..TokenConfig::for_tests(SigningKey::generate().expect("a key"))
    }
}

/// Makes them as the host does.
pub(crate) async fn open(
    platform: Platform,
    clock: Arc<FakeClock>,
    default_tenant: &TenantId,
    participant: Arc<dyn PersonalData>,
    config: PeopleConfig,
    token_config: TokenConfig,
) -> People {
    let tokens = Arc::new(JwtTokens::new(token_config.clone(), clock.clone()));
    let accounts = AccountsConfig {
        public_url: PUBLIC_URL.into(),
        default_tenant: default_tenant.clone(),
        sessions: Lifetimes::DEFAULT,
        password_cost: config.password_cost,
    };
    let accounts = Accounts::new(platform.clone(), Arc::clone(&tokens), accounts);
    let accounts = accounts.expect("the service of accounts");
    let accounts = Arc::new(accounts.with_participants([participant]));
    let organizations = OrganizationsConfig {
        public_url: PUBLIC_URL.into(),
        default_tenant: default_tenant.clone(),
    };
    let organizations = Organizations::new(
        platform.clone(),
        organizations,
        accounts.clone(),
        accounts.clone(),
    );
    let organizations = organizations.expect("the service of organisations");
    let services: Vec<Arc<dyn Service>> = vec![accounts, Arc::new(organizations)];
    for service in &services {
        let declared = platform.declare(&service.package().manifest).await;
        declared.expect("a service's collections");
    }
    let identity = IdentityConfig {
        default_tenant: default_tenant.clone(),
        development_tokens: config.development_tokens,
    };
    People {
        identity: Arc::new(Identity::new(platform, tokens, identity)),
        services,
    }
}

/// Keeps letters in the transaction that sends them: those of one that fails are none.
struct Letterbox(Arc<SeededRandom>, Arc<FakeClock>);

#[async_trait]
impl Post for Letterbox {
    async fn enqueue(&self, unit: &dyn UnitOfWork, letter: &Letter) -> Result<(), StoreError> {
        let body = serde_json::to_value(letter);
        let body = body.map_err(|error| StoreError::Invalid(error.to_string()))?;
        let now = stoa_kernel::clock::Clock::now(&*self.1);
        let id = stoa_kernel::random::ulid(now, &*self.0);
        let letters = letters();
        let created = unit.create(&letters, &id, body, Expiry::Never);
        created.await.map(drop)
    }

    fn wake(&self) {}
}

fn letters() -> CollectionName {
    let (owner, name) = LETTERS;
    CollectionName::new(owner, name)
}

impl TestHost {
    /// The letters that accounts and organisations have sent to an address, by the time of the clock.
    pub async fn letters(&self, to: &str) -> Vec<Letter> {
        let work = self.store.begin(&TenantId::platform()).await;
        let query = Query {
            limit: LETTERS_MAX,
            ..Query::default()
        };
        let page = work.expect("a unit").query(&letters(), &query).await;
        let mut items = page.expect("the letters").items;
        // Ids are ULIDs.
        items.sort_by(|a, b| a.id.cmp(&b.id));
        assert!(
            items.len() < LETTERS_MAX as usize,
            "more letters than a test reads"
        );
        let read = |body: &str| serde_json::from_str::<Letter>(body).expect("a letter");
        let all = items.iter().map(|document| read(&document.body));
        all.filter(|letter| letter.to == to).collect()
    }

    /// One value of the only letter of this template to an address.
    ///
    /// # Panics
    /// When there is no such letter, or more than one.
    pub async fn letter(&self, to: &str, template: &str, value: &str) -> String {
        let mut letters = self.letters(to).await;
        letters.retain(|letter| letter.template == template);
        let [letter] = &letters[..] else {
            panic!("{} letters {template} to {to}", letters.len())
        };
        let text = letter.values.get(value).and_then(Value::as_str);
        text.expect("a text").to_owned()
    }
}
