//! A store to test, with a clock that stands still until it is moved.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::{Filter, Path, Query, SortKey};
use stoa_kernel::store::{CommitError, Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::wit::Collection;
use stoa_store::{StoreConfig, SurrealStore, SyncPolicy};
use tempfile::TempDir;

/// A time in November 2023.
pub const NOW: Millis = 1_700_000_000_000;

/// A clock that tests move.
pub struct FakeClock(AtomicU64);

impl FakeClock {
    pub fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// A store with one plugin, `shop`, and its collection `items`.
pub struct Fixture {
    pub store: Arc<SurrealStore>,
    pub clock: Arc<FakeClock>,
    pub tenant: TenantId,
    config: StoreConfig,
    directory: Option<TempDir>,
}

/// The collection that the fixture declares.
pub fn items() -> CollectionName {
    CollectionName::new("shop", "items")
}

/// Its declaration.
pub fn declaration() -> Collection {
    let lists = |lists: &[&[&str]]| {
        lists
            .iter()
            .map(|list| list.iter().map(|f| (*f).to_owned()).collect())
            .collect()
    };
    Collection {
        indexes: lists(&[&["status", "created_at"], &["n"], &["deep.x"], &["tags"]]),
        unique: lists(&[&["slug"], &["vendor", "sku"]]),
        expiry_days: None,
    }
}

pub fn small(url: String) -> StoreConfig {
    StoreConfig {
        url,
        sync: SyncPolicy::Never,
        ..StoreConfig::default()
    }
}

/// A store in memory.
pub async fn in_memory() -> Fixture {
    with(small("mem://".into()), None).await
}

/// A store on disk.
pub async fn on_disk() -> Fixture {
    let directory = TempDir::new().unwrap();
    let url = format!("surrealkv://{}", directory.path().join("db").display());
    with(small(url), Some(directory)).await
}

/// One of each.
pub async fn both() -> [Fixture; 2] {
    [in_memory().await, on_disk().await]
}

/// A store in memory that keeps nothing ready, so that the database does all the checking.
pub async fn uncached() -> Fixture {
    with(
        StoreConfig {
            document_cache_bytes_max: 0,
            query_cache_entries_max: 0,
            ..small("mem://".into())
        },
        None,
    )
    .await
}

pub async fn with(config: StoreConfig, directory: Option<TempDir>) -> Fixture {
    let clock = Arc::new(FakeClock(AtomicU64::new(NOW)));
    let store = SurrealStore::open(config.clone(), clock.clone())
        .await
        .unwrap();
    store
        .declare(Realm::Tenants, "shop", &[("items".into(), declaration())])
        .await
        .unwrap();
    Fixture {
        store,
        clock,
        tenant: TenantId::parse("acme").unwrap(),
        config,
        directory,
    }
}

impl Fixture {
    /// The same store on disk as another process finds it.
    pub async fn reopened(self) -> Self {
        let Self {
            store,
            config,
            directory,
            ..
        } = self;
        store.shutdown().await;
        drop(store);
        with(config, directory).await
    }

    pub async fn begin(&self) -> Arc<dyn UnitOfWork> {
        self.store.begin(&self.tenant).await.unwrap()
    }

    /// Writes documents in one unit of work.
    pub async fn put(&self, documents: &[(&str, Value)]) {
        self.put_until(Expiry::Never, documents).await;
    }

    /// The same, with an end.
    pub async fn put_until(&self, expiry: Expiry, documents: &[(&str, Value)]) {
        let work = self.begin().await;
        for (id, document) in documents {
            work.put(&items(), id, None, document.clone(), expiry)
                .await
                .unwrap();
        }
        work.commit().await.unwrap();
    }

    /// A document's JSON as a new unit of work sees it.
    pub async fn get(&self, id: &str) -> Option<Value> {
        let found = self.begin().await.get(&items(), id).await.unwrap();
        found.map(|document| serde_json::from_str(&document.body).unwrap())
    }

    /// A document's version.
    pub async fn version(&self, id: &str) -> Option<u64> {
        self.begin()
            .await
            .get(&items(), id)
            .await
            .unwrap()
            .map(|document| document.version)
    }

    /// The ids that a query finds.
    pub async fn find(&self, query: &Query) -> Vec<String> {
        ids(self
            .begin()
            .await
            .query(&items(), query)
            .await
            .unwrap()
            .items)
    }
}

pub fn ids(documents: Vec<stoa_kernel::store::Document>) -> Vec<String> {
    documents
        .into_iter()
        .map(|document| document.id.to_string())
        .collect()
}

/// Runs work in new units of work until one of them commits, as the host does.
pub async fn until_committed<T, F, R>(
    store: &SurrealStore,
    tenant: &TenantId,
    attempt: F,
) -> Result<T, StoreError>
where
    F: Fn(Arc<dyn UnitOfWork>) -> R,
    R: Future<Output = Result<T, StoreError>>,
{
    loop {
        let work = store.begin(tenant).await?;
        let answer = attempt(work.clone()).await?;
        match work.commit().await {
            Ok(()) => return Ok(answer),
            Err(CommitError::Conflict) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// A query for everything, in the order of ids.
pub fn all() -> Query {
    Query {
        filter: None,
        sort: vec![],
        limit: 200,
        offset: 0,
        cursor: None,
        fields: vec![],
        total: false,
    }
}

/// A query with a filter.
pub fn only(filter: Value) -> Query {
    Query {
        filter: Filter::parse(&filter.to_string()).unwrap(),
        ..all()
    }
}

/// A sort key; `-` in front means descending.
pub fn by(text: &str) -> SortKey {
    let (descending, path) = text
        .strip_prefix('-')
        .map_or((false, text), |path| (true, path));
    SortKey {
        path: Path::parse(path).unwrap(),
        descending,
    }
}

/// Nothing in particular.
pub fn thing(n: i64) -> Value {
    json!({"n": n, "name": format!("thing {n}"), "status": if n % 2 == 0 { "open" } else { "closed" }, "created_at": n})
}
