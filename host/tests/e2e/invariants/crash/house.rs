//! A marketplace of the real binary, on a folder that outlives it, next to a provider that outlives it, too.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::{Realm, Store as _};
use stoa_kernel::wit::Collection;
use stoa_store::{StoreConfig, SurrealStore};
use stoa_testkit::{FakeClock, plugin_file};
use tempfile::TempDir;

use crate::invariants::books::{Books, COLLECTIONS, Shelf, shelf};
use crate::invariants::market::PLUGINS;
use crate::payments::bank::{self, Bank};
pub use crate::process::token;
use crate::process::{Stoa, borrow_compiled};

/// The tenant of a host that is told of none.
const TENANT: &str = "default";
/// A host that is to die and lives so long does not pass the place.
const DIES_WITHIN: Duration = Duration::from_secs(60);

/// What is on sale: pieces of a watch, and a download, both of one vendor.
pub const WATCH: (&str, u32, f64) = ("watch", 100, 19.99);
pub const AGENT: (&str, f64) = ("agent", 30.0);
pub const VENDOR: &str = "v1";

/// The provider and the host live by the same time.
struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::try_from(since.unwrap().as_millis()).unwrap()
    }
}

pub struct House {
    pub dir: TempDir,
    pub bank: Bank,
}

impl House {
    /// A folder without plugins.
    pub async fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("plugins")).unwrap();
        borrow_compiled(dir.path());
        let bank = Bank::open_by(Arc::new(RealClock)).await;
        Self { dir, bank }
    }

    /// A folder with every plugin that money passes, and something on sale.
    pub async fn open() -> Self {
        let house = Self::empty().await;
        for plugin in PLUGINS.into_iter().chain(["notifications"]) {
            house.install(plugin, &std::fs::read(plugin_file(plugin)).unwrap());
        }
        let host = house.start().await;
        let admin = token(&host, "admin", "admin").await;
        for product in [
            json!({ "id": WATCH.0, "stock": WATCH.1, "price": WATCH.2 }),
            json!({ "id": AGENT.0, "price": AGENT.1, "files": { "downloadUrl": "/agent.zip" } }),
        ] {
            let mut whole = json!({ "name": "Thing", "category": "things", "vendorId": VENDOR });
            let (whole_members, members) = (whole.as_object_mut().unwrap(), product);
            whole_members.extend(members.as_object().unwrap().clone());
            let (status, answer) = host.post("/products", Some(&admin), &whole).await;
            assert_eq!(status, 201, "{answer}");
        }
        host.kill();
        house
    }

    /// Puts a plugin into the folder at once, as an operator would.
    pub fn install(&self, name: &str, bytes: &[u8]) {
        let folder = self.dir.path().join("plugins");
        let half = folder.join(format!("{name}.part"));
        std::fs::write(&half, bytes).unwrap();
        std::fs::rename(half, folder.join(format!("{name}.wasm"))).unwrap();
    }

    pub async fn start(&self) -> Stoa {
        self.start_with(&[]).await
    }

    /// A host that dies there.
    pub async fn start_dying(&self, place: &str) -> Stoa {
        self.start_with(&[("STOA_DEV__CRASH_AT", place)]).await
    }

    /// The same of one that does not live to answer.
    pub fn launch(&self, place: &str) -> Stoa {
        let place = [("STOA_DEV__TOKENS", "true"), ("STOA_DEV__CRASH_AT", place)];
        Stoa::spawn(self.dir.path(), &place)
    }

    /// The same with more of its environment.
    pub async fn start_with(&self, more: &[(&str, &str)]) -> Stoa {
        let url = self.bank.url();
        let all = [
            ("STOA_DEV__TOKENS", "true"),
            ("STOA_PLUGINS__OUTBOUND__PAYMENTS__STRIPE__URL", &*url),
            (
                "STOA_PLUGINS__OUTBOUND__PAYMENTS__STRIPE__ALLOW_PRIVATE",
                "true",
            ),
            (
                "STOA_PLUGINS__SECRETS__PAYMENTS__STRIPE_SECRET_KEY",
                bank::KEY,
            ),
            (
                "STOA_PLUGINS__SECRETS__PAYMENTS__STRIPE_WEBHOOK_SECRET",
                bank::WEBHOOK,
            ),
        ];
        Stoa::start_with(self.dir.path(), &[&all, more].concat()).await
    }

    /// What is written down, while no host runs.
    pub async fn books(&self) -> Books {
        let store = self.store(&COLLECTIONS).await;
        let books = Books::read(&*store, &TenantId::parse(TENANT).unwrap()).await;
        store.shutdown().await;
        books
    }

    /// The documents of one collection, while no host runs.
    pub async fn shelf(&self, plugin: &str, name: &str) -> Shelf {
        let store = self.store(&[(plugin, name)]).await;
        let unit = store.begin(&TenantId::parse(TENANT).unwrap()).await;
        let all = shelf(&*unit.unwrap(), plugin, name).await;
        store.shutdown().await;
        all
    }

    /// The store with these collections.
    async fn store(&self, collections: &[(&str, &str)]) -> Arc<SurrealStore> {
        let config = StoreConfig {
            url: format!("surrealkv://{}", self.dir.path().join("store").display()),
            ..StoreConfig::default()
        };
        let clock = Arc::new(FakeClock::default());
        let store = SurrealStore::open(config, clock).await.unwrap();
        for (plugin, name) in collections {
            let known = [((*name).to_owned(), Collection::default())];
            let declared = store.declare(Realm::Tenants, plugin, &known).await;
            declared.unwrap();
        }
        store
    }

    /// Everything adds up, and each of these orders was paid and charged once.
    pub async fn assert_whole(&self, orders: &[(String, String)]) {
        let books = self.books().await;
        books.assert_settled();
        books.assert_pieces(WATCH.0, WATCH.1.into());
        books.assert_paid(orders, &self.bank);
        assert_eq!(books.payments.len(), orders.len(), "a payment too many");
    }
}

/// Waits until a host has died by itself.
pub async fn died(mut host: Stoa) -> ExitStatus {
    let deadline = Instant::now() + DIES_WITHIN;
    loop {
        if let Some(status) = host.process.try_wait().unwrap() {
            assert!(!status.success(), "it has not died but stopped");
            return status;
        }
        assert!(Instant::now() < deadline, "the host passes the place alive");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The value of a member that has to be there.
pub fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    let found = value[member].as_str();
    found.unwrap_or_else(|| panic!("no {member} in {value}"))
}
