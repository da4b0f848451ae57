//! A store of documents in memory, as much of one as the callback takes: one unit of work at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::event::Event;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::mail::{Letter, Post};
use stoa_kernel::query::{Aggregate, Page, Query};
use stoa_kernel::store::{
    Basis, CommitError, Document, Expiry, Realm, Store, StoreError, UnitOfWork,
};
use stoa_kernel::wit::Collection;

type Documents = BTreeMap<(CollectionName, String), Value>;

/// The documents.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Documents>>);

impl Shelf {
    /// Documents of a collection, whatever their id.
    pub fn all(&self, service: &str, name: &str) -> Vec<Value> {
        let wanted = CollectionName::new(service, name);
        let documents = self.0.lock().unwrap();
        let found = documents.iter().filter(|((of, _), _)| *of == wanted);
        found.map(|(_, document)| document.clone()).collect()
    }

    /// Takes all documents of a collection away.
    pub fn clear(&self, service: &str, name: &str) {
        let unwanted = CollectionName::new(service, name);
        self.0.lock().unwrap().retain(|(of, _), _| *of != unwanted);
    }

    /// Puts a document there.
    pub fn place(&self, service: &str, name: &str, id: &str, document: Value) {
        let key = (CollectionName::new(service, name), id.to_owned());
        self.0.lock().unwrap().insert(key, document);
    }
}

/// A copy of all documents, which the commit puts in place of the old ones.
struct Draft {
    shelf: Shelf,
    documents: Mutex<Documents>,
}

fn document(id: &str, body: &Value) -> Document {
    Document {
        id: id.into(),
        version: 1,
        body: body.to_string().into(),
    }
}

fn unused<T>() -> Result<T, StoreError> {
    Err(StoreError::Invalid(
        "the callback does not need this".into(),
    ))
}

#[async_trait]
impl UnitOfWork for Draft {
    async fn get(&self, of: &CollectionName, id: &str) -> Result<Option<Document>, StoreError> {
        let documents = self.documents.lock().unwrap();
        let found = documents.get(&(of.clone(), id.to_owned()));
        Ok(found.map(|body| document(id, body)))
    }
    async fn create(
        &self,
        of: &CollectionName,
        id: &str,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        match self.get(of, id).await? {
            Some(_) => Err(StoreError::AlreadyExists),
            None => self.put(of, id, None, body, expiry).await,
        }
    }
    async fn put(
        &self,
        of: &CollectionName,
        id: &str,
        _: Option<u64>,
        body: Value,
        _: Expiry,
    ) -> Result<u64, StoreError> {
        let mut documents = self.documents.lock().unwrap();
        documents.insert((of.clone(), id.to_owned()), body);
        Ok(1)
    }
    async fn query(&self, of: &CollectionName, query: &Query) -> Result<Page, StoreError> {
        let filter = query.filter.as_ref().unwrap();
        let documents = self.documents.lock().unwrap();
        let fits = |(key, body): &(&(CollectionName, String), &Value)| {
            key.0 == *of && filter.matches(&key.1, body)
        };
        let found = documents.iter().filter(fits);
        Ok(Page {
            items: found.map(|(key, body)| document(&key.1, body)).collect(),
            total: None,
            next_cursor: None,
        })
    }
    async fn commit(&self) -> Result<(), CommitError> {
        let documents = self.documents.lock().unwrap();
        self.shelf.0.lock().unwrap().clone_from(&documents);
        Ok(())
    }
    fn rollback_to(&self, _: usize) {
        let before = self.shelf.0.lock().unwrap();
        self.documents.lock().unwrap().clone_from(&before);
    }
    fn savepoint(&self) -> usize {
        0
    }
    fn raise(&self, _: Event) -> Result<(), StoreError> {
        unused()
    }
    fn handled(&self, _: &str, _: &str) {}
    fn keep_answer(&self, _: &str, _: StoredAnswer) {}
    fn basis(&self) -> Option<Arc<dyn Basis>> {
        None
    }
    async fn get_many(
        &self,
        _: &CollectionName,
        _: &[String],
    ) -> Result<Vec<Document>, StoreError> {
        unused()
    }
    async fn patch(
        &self,
        _: &CollectionName,
        _: &str,
        _: Value,
        _: Option<Expiry>,
    ) -> Result<Document, StoreError> {
        unused()
    }
    async fn delete(&self, _: &CollectionName, _: &str) -> Result<bool, StoreError> {
        unused()
    }
    async fn increment(
        &self,
        _: &CollectionName,
        _: &str,
        _: &str,
        _: i64,
    ) -> Result<i64, StoreError> {
        unused()
    }
    async fn take_if_at_least(
        &self,
        _: &CollectionName,
        _: &str,
        _: &str,
        _: i64,
    ) -> Result<Option<i64>, StoreError> {
        unused()
    }
    async fn aggregate(&self, _: &CollectionName, _: &Aggregate) -> Result<Vec<Value>, StoreError> {
        unused()
    }
}

#[async_trait]
impl Store for Shelf {
    async fn begin(&self, _: &TenantId) -> Result<Arc<dyn UnitOfWork>, StoreError> {
        let documents = self.0.lock().unwrap().clone();
        Ok(Arc::new(Draft {
            shelf: self.clone(),
            documents: Mutex::new(documents),
        }))
    }
    async fn declare(
        &self,
        _: Realm,
        _: &str,
        _: &[(String, Collection)],
    ) -> Result<(), StoreError> {
        Ok(())
    }
    async fn stored_answer(
        &self,
        _: &TenantId,
        _: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        unused()
    }
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        unused()
    }
    async fn sweep(&self) -> Result<u64, StoreError> {
        unused()
    }
    async fn outbox(
        &self,
        _: &TenantId,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<Event>, StoreError> {
        unused()
    }
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
    async fn shutdown(&self) {}
}

/// A post that nobody uses.
pub struct NoPost;

#[async_trait]
impl Post for NoPost {
    async fn enqueue(&self, _: &dyn UnitOfWork, _: &Letter) -> Result<(), StoreError> {
        unused()
    }
    fn wake(&self) {}
}
