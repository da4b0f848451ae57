//! One request's unit of work: the port's methods, each a line or two on top of the modules beside.

mod aggregate;
mod basis;
mod numbers;
mod page;
mod read;
mod state;
mod unique;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::event::Event;
use stoa_kernel::id::CollectionName;
use stoa_kernel::query::{Aggregate, Page, Query};
use stoa_kernel::store::{Basis, CommitError, Document, Expiry, StoreError, UnitOfWork};

use crate::commit;
use crate::shared::Shared;
use crate::table::Key;
use crate::tenants::Tenant;
use basis::ReadSet;
use state::{Presumption, State};

/// A unit of work over one tenant's data.
pub(crate) struct Work {
    shared: Arc<Shared>,
    tenant: Arc<Tenant>,
    state: Mutex<State>,
}

impl Work {
    pub(crate) fn new(shared: Arc<Shared>, tenant: Arc<Tenant>) -> Self {
        Self {
            shared,
            tenant,
            state: Mutex::default(),
        }
    }

    /// A request that only read has seen one state of affairs if nothing of what it read has changed since.
    /// That costs the database nothing: what changed lately is in the cache.
    async fn check_reads(&self) -> Result<(), CommitError> {
        let reads = self.state().several_reads();
        if reads.is_empty() {
            return Ok(());
        }
        // Waits for commits that have happened but are not in the cache yet.
        let documents = &self.shared.documents;
        let _locks = documents
            .lock(std::iter::empty(), reads.iter().map(|(key, _)| key))
            .await;
        let is_current = |(key, revision): &(Key, Option<i64>)| {
            documents
                .get(key)
                .is_none_or(|known| known.as_ref().map(|row| row.revision) == *revision)
        };
        if reads.iter().all(is_current) {
            Ok(())
        } else {
            Err(CommitError::Conflict)
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl UnitOfWork for Work {
    fn presume_new(&self) {
        self.state().presumption = Presumption::Allowed;
    }

    fn has_presumed(&self) -> bool {
        self.state().presumption == Presumption::Made
    }

    fn hurry(&self) {
        self.state().hurries = true;
    }

    async fn get(
        &self,
        collection: &CollectionName,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.read_one(&self.key(collection, id)?).await
    }

    async fn get_many(
        &self,
        collection: &CollectionName,
        ids: &[String],
    ) -> Result<Vec<Document>, StoreError> {
        self.read_many(collection, ids).await
    }

    async fn create(
        &self,
        collection: &CollectionName,
        id: &str,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        self.create_one(&self.key(collection, id)?, body, expiry)
            .await
    }

    async fn put(
        &self,
        collection: &CollectionName,
        id: &str,
        version: Option<u64>,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        self.put_one(&self.key(collection, id)?, version, body, expiry)
            .await
    }

    async fn patch(
        &self,
        collection: &CollectionName,
        id: &str,
        merge: Value,
        expiry: Option<Expiry>,
    ) -> Result<Document, StoreError> {
        self.patch_one(&self.key(collection, id)?, merge, expiry)
            .await
    }

    async fn delete(&self, collection: &CollectionName, id: &str) -> Result<bool, StoreError> {
        self.delete_one(&self.key(collection, id)?).await
    }

    async fn increment(
        &self,
        collection: &CollectionName,
        id: &str,
        path: &str,
        by: i64,
    ) -> Result<i64, StoreError> {
        self.add(&self.key(collection, id)?, path, by).await
    }

    async fn take_if_at_least(
        &self,
        collection: &CollectionName,
        id: &str,
        path: &str,
        amount: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.take(&self.key(collection, id)?, path, amount).await
    }

    async fn query(&self, collection: &CollectionName, query: &Query) -> Result<Page, StoreError> {
        self.page(self.tenant.table(collection)?, query).await
    }

    async fn aggregate(
        &self,
        collection: &CollectionName,
        aggregate: &Aggregate,
    ) -> Result<Vec<Value>, StoreError> {
        self.groups(self.tenant.table(collection)?, aggregate).await
    }

    fn raise(&self, event: Event) -> Result<(), StoreError> {
        if event.tenant.is_some() && !self.tenant.id.is_platform() {
            return Err(StoreError::Invalid(
                "a tenant raises events for itself alone".into(),
            ));
        }
        self.state().raise(event)
    }

    fn handled(&self, event: &str, subscriber: &str) {
        self.state().handled.push((event.into(), subscriber.into()));
    }

    fn keep_answer(&self, id: &str, answer: StoredAnswer) {
        self.state().answer = Some((id.into(), answer));
    }

    fn savepoint(&self) -> usize {
        self.state().savepoint()
    }

    fn rollback_to(&self, savepoint: usize) {
        self.state().rollback_to(savepoint);
    }

    async fn commit(&self) -> Result<(), CommitError> {
        let plan = self.state().plan()?;
        let Some(plan) = plan else {
            return self.check_reads().await;
        };
        commit::commit(Arc::clone(&self.shared), Arc::clone(&self.tenant), plan).await?;
        self.state().finish();
        Ok(())
    }

    fn basis(&self) -> Option<Arc<dyn Basis>> {
        let reads = self.state().lasting_reads()?;
        Some(Arc::new(ReadSet {
            shared: Arc::clone(&self.shared),
            reads,
        }))
    }
}
