//! A store in memory with as much of a unit of work as the mailer uses: the versions of what was read are checked
//! by the commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::{Aggregate, Page, Query};
use stoa_kernel::store::{
    Basis, CommitError, Document, Expiry, Extent, Realm, Store, StoreError, Stretch, UnitOfWork,
};
use stoa_kernel::wit::Collection;

type Key = (String, String);

#[derive(Clone)]
struct Row {
    version: u64,
    body: Value,
    expiry: Expiry,
}

/// The store; its clones are the same one.
#[derive(Clone, Default)]
pub struct FakeStore(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Mutex<BTreeMap<Key, Row>>,
    looks: AtomicU32,
    failing_commits: AtomicU32,
}

impl FakeStore {
    /// The bodies of a collection of the mailer, by id.
    pub fn all(&self, collection: &str) -> BTreeMap<String, Value> {
        let rows = self.0.rows.lock().unwrap();
        let of_collection = rows.iter().filter(|((name, _), _)| name == collection);
        of_collection
            .map(|((_, id), row)| (id.clone(), row.body.clone()))
            .collect()
    }

    /// The only body of a collection.
    pub fn only(&self, collection: &str) -> Value {
        let mut all = self.all(collection);
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop_first().unwrap().1
    }

    /// When the only document of a collection ends.
    pub fn only_expiry(&self, collection: &str) -> Expiry {
        self.only(collection);
        let rows = self.0.rows.lock().unwrap();
        let mut expiries = rows.iter().filter(|((name, _), _)| name == collection);
        expiries.next().unwrap().1.expiry
    }

    /// Puts a body where a commit would.
    pub fn plant(&self, collection: &str, id: &str, body: Value) {
        let row = Row {
            version: 1,
            body,
            expiry: Expiry::Never,
        };
        let key = (collection.to_owned(), id.to_owned());
        self.0.rows.lock().unwrap().insert(key, row);
    }

    /// How often the queue was looked into.
    pub fn looks(&self) -> u32 {
        self.0.looks.load(Ordering::SeqCst)
    }

    /// Lets the commits after the next `after` fail, one time.
    pub fn fail_commit(&self, after: u32) {
        self.0.failing_commits.store(after + 1, Ordering::SeqCst);
    }

    fn version(&self, key: &Key) -> u64 {
        version(&self.0.rows.lock().unwrap(), key)
    }

    fn fails_now(&self) -> bool {
        let left =
            self.0
                .failing_commits
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                    left.checked_sub(1)
                });
        left == Ok(1)
    }
}

/// What the mailer has no use for.
fn unused(what: &str) -> ! {
    panic!("the mailer was not expected to call {what}")
}

#[async_trait]
impl Store for FakeStore {
    async fn begin(&self, tenant: &TenantId) -> Result<Arc<dyn UnitOfWork>, StoreError> {
        assert!(tenant.is_platform());
        Ok(Arc::new(FakeUnit {
            store: self.clone(),
            read: Mutex::default(),
            written: Mutex::default(),
        }))
    }

    async fn declare(
        &self,
        realm: Realm,
        plugin: &str,
        collections: &[(String, Collection)],
    ) -> Result<(), StoreError> {
        let names: Vec<&str> = collections.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (realm, plugin, names),
            (Realm::Platform, "mail", vec!["letters", "dead", "named"])
        );
        Ok(())
    }

    fn declaration(&self, _: Realm, _: &CollectionName) -> Option<Collection> {
        unused("declaration")
    }

    async fn prepare(&self, _: &TenantId, _: &str) -> Result<(), StoreError> {
        unused("prepare")
    }

    async fn stored_answer(
        &self,
        _: &TenantId,
        _: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        unused("stored_answer")
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        unused("tenants")
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        unused("sweep")
    }

    async fn outbox(
        &self,
        _: &TenantId,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<Event>, StoreError> {
        unused("outbox")
    }

    async fn extent(&self, _: &TenantId, _: &[Stretch], _: u64) -> Result<Extent, StoreError> {
        Ok(Extent::default())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        unused("ping")
    }

    async fn shutdown(&self) {
        unused("shutdown")
    }
}

struct FakeUnit {
    store: FakeStore,
    read: Mutex<BTreeMap<Key, u64>>,
    written: Mutex<BTreeMap<Key, Option<(Value, Expiry)>>>,
}

impl FakeUnit {
    fn key(collection: &CollectionName, id: &str) -> Key {
        assert_eq!(&*collection.plugin, "mail");
        (collection.name.to_string(), id.to_owned())
    }

    /// The committed version, which the commit will find again or fail.
    fn rely_on(&self, key: &Key) -> u64 {
        let version = self.store.version(key);
        self.read.lock().unwrap().insert(key.clone(), version);
        version
    }

    fn write(&self, key: Key, row: Option<(Value, Expiry)>) {
        self.written.lock().unwrap().insert(key, row);
    }
}

#[async_trait]
impl UnitOfWork for FakeUnit {
    async fn get(
        &self,
        collection: &CollectionName,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        let key = Self::key(collection, id);
        let version = self.rely_on(&key);
        let body = self
            .store
            .0
            .rows
            .lock()
            .unwrap()
            .get(&key)
            .map(|row| row.body.to_string());
        // Lets others get in between, as a database would.
        tokio::task::yield_now().await;
        Ok(body.map(|body| Document {
            id: id.into(),
            version,
            body: body.into(),
        }))
    }

    async fn get_many(
        &self,
        _: &CollectionName,
        _: &[String],
    ) -> Result<Vec<Document>, StoreError> {
        unused("get_many")
    }

    async fn create(
        &self,
        collection: &CollectionName,
        id: &str,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        let key = Self::key(collection, id);
        match self.rely_on(&key) {
            0 => {
                self.write(key, Some((body, expiry)));
                Ok(1)
            }
            _ => Err(StoreError::AlreadyExists),
        }
    }

    async fn put(
        &self,
        collection: &CollectionName,
        id: &str,
        version: Option<u64>,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        let key = Self::key(collection, id);
        let committed = match version {
            None => self.store.version(&key),
            Some(expected) => match self.rely_on(&key) {
                0 => return Err(StoreError::NotFound),
                found if found != expected => return Err(StoreError::VersionMismatch(found)),
                found => found,
            },
        };
        self.write(key, Some((body, expiry)));
        Ok(committed + 1)
    }

    async fn patch(
        &self,
        _: &CollectionName,
        _: &str,
        _: Value,
        _: Option<Expiry>,
    ) -> Result<Document, StoreError> {
        unused("patch")
    }

    async fn delete(&self, collection: &CollectionName, id: &str) -> Result<bool, StoreError> {
        let key = Self::key(collection, id);
        let existed = self.store.version(&key) > 0;
        self.write(key, None);
        Ok(existed)
    }

    async fn increment(
        &self,
        _: &CollectionName,
        _: &str,
        _: &str,
        _: i64,
    ) -> Result<i64, StoreError> {
        unused("increment")
    }

    async fn take_if_at_least(
        &self,
        _: &CollectionName,
        _: &str,
        _: &str,
        _: i64,
    ) -> Result<Option<i64>, StoreError> {
        unused("take_if_at_least")
    }

    async fn query(&self, collection: &CollectionName, query: &Query) -> Result<Page, StoreError> {
        self.store.0.looks.fetch_add(1, Ordering::SeqCst);
        assert!(query.filter.is_none() && query.offset == 0 && query.fields.is_empty());
        let [key] = query.sort.as_slice() else {
            unused("query with other than one key")
        };
        assert!(!key.descending);
        let rows = self.store.0.rows.lock().unwrap();
        let mut found: Vec<(&Key, &Row)> = rows
            .iter()
            .filter(|((name, _), _)| *name == *collection.name)
            .collect();
        // Missing fields sort first, as null does.
        found.sort_by_key(|(_, row)| key.path.of(&row.body).as_u64());
        let limit = query.limit as usize;
        let items = found
            .into_iter()
            .take(limit)
            .map(|((_, id), row)| Document {
                id: id.as_str().into(),
                version: row.version,
                body: row.body.to_string().into(),
            });
        Ok(Page {
            items: items.collect(),
            ..Page::default()
        })
    }

    async fn aggregate(&self, _: &CollectionName, _: &Aggregate) -> Result<Vec<Value>, StoreError> {
        unused("aggregate")
    }

    fn raise(&self, _: Event) -> Result<(), StoreError> {
        unused("raise")
    }

    fn handled(&self, _: &str, _: &str) {
        unused("handled")
    }

    fn keep_answer(&self, _: &str, _: StoredAnswer) {
        unused("keep_answer")
    }

    fn savepoint(&self) -> usize {
        unused("savepoint")
    }

    fn rollback_to(&self, _: usize) {
        unused("rollback_to")
    }

    async fn commit(&self) -> Result<(), CommitError> {
        tokio::task::yield_now().await;
        if self.store.fails_now() {
            return Err(CommitError::Unavailable("as the test wants it".into()));
        }
        let mut rows = self.store.0.rows.lock().unwrap();
        let read = self.read.lock().unwrap();
        if read.iter().any(|(key, read)| version(&rows, key) != *read) {
            return Err(CommitError::Conflict);
        }
        for (key, row) in std::mem::take(&mut *self.written.lock().unwrap()) {
            match row {
                Some((body, expiry)) => {
                    let version = version(&rows, &key) + 1;
                    rows.insert(
                        key,
                        Row {
                            version,
                            body,
                            expiry,
                        },
                    );
                }
                None => {
                    rows.remove(&key);
                }
            }
        }
        Ok(())
    }

    fn basis(&self) -> Option<Arc<dyn Basis>> {
        None
    }
}

fn version(rows: &BTreeMap<Key, Row>, key: &Key) -> u64 {
    rows.get(key).map_or(0, |row| row.version)
}
