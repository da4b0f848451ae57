//! The store: the port's methods over everything beside.

use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::event::{Event, Outbox, OutboxListener, Pending, Promoted};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::Query;
use stoa_kernel::store::{Extent, Realm, Store, StoreError, Stretch, UnitOfWork};
use stoa_kernel::wit::Collection;
use surrealdb::types::{Value, Variables};

use crate::config::StoreConfig;
use crate::documents::Documents;
use crate::encode;
use crate::engine::Engine;
use crate::mishap::Mishaps;
use crate::pages::Pages;
use crate::query::order::Order;
use crate::query::select::Scope;
use crate::shared::Shared;
use crate::work::Work;

/// Tenants that one statement reads.
const TENANTS_BATCH: usize = 1_000;

/// The store over an embedded SurrealDB.
pub struct SurrealStore {
    shared: Arc<Shared>,
}

impl SurrealStore {
    /// Opens the database, making it if it is missing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the engine can't open it.
    pub async fn open(config: StoreConfig, clock: Arc<dyn Clock>) -> Result<Arc<Self>, StoreError> {
        let engine = Engine::open(&config).await?;
        let documents = Documents::new(config.document_cache_bytes_max);
        let pages = Pages::new(config.query_cache_entries_max);
        let shared = Shared::new(engine, documents, pages, clock).await?;
        Ok(Arc::new(Self {
            shared: Arc::new(shared),
        }))
    }

    /// What is to go wrong with statements: for tests, see [`Mishaps`].
    #[must_use]
    pub fn mishaps(&self) -> &Mishaps {
        self.shared.engine.root().mishaps()
    }

    /// How the engine would answer a query over committed documents: its plan, for operators and tests.
    ///
    /// # Errors
    /// As a query.
    pub async fn explain(
        &self,
        tenant: &TenantId,
        collection: &CollectionName,
        query: &Query,
    ) -> Result<String, StoreError> {
        let tenant = self
            .shared
            .tenants
            .open(&self.shared.engine, tenant)
            .await?;
        let table = tenant.table(collection)?;
        let alive_at = self
            .shared
            .may_expire(&tenant, table)
            .await?
            .then(|| self.shared.now());
        let scope = Scope {
            table,
            filter: query.filter.as_ref(),
            without: &[],
            alive_at,
        };
        let (text, variables) =
            scope.page(&Order::of(&query.sort), None, 0, query.limit as usize)?;
        let plan = self
            .shared
            .rows(&tenant, format!("{text} EXPLAIN"), variables)
            .await?;
        Ok(plan
            .into_iter()
            .map(|row| encode::decode(row).to_string())
            .collect())
    }
}

#[async_trait]
impl Store for SurrealStore {
    async fn begin(&self, tenant: &TenantId) -> Result<Arc<dyn UnitOfWork>, StoreError> {
        let tenant = self
            .shared
            .tenants
            .open(&self.shared.engine, tenant)
            .await?;
        Ok(Arc::new(Work::new(Arc::clone(&self.shared), tenant)))
    }

    async fn declare(
        &self,
        realm: Realm,
        plugin: &str,
        collections: &[(String, Collection)],
    ) -> Result<(), StoreError> {
        self.shared.tenants.declare(realm, plugin, collections)
    }

    fn declaration(&self, realm: Realm, collection: &CollectionName) -> Option<Collection> {
        self.shared.tenants.declaration(realm, collection)
    }

    async fn prepare(&self, tenant: &TenantId, plugin: &str) -> Result<(), StoreError> {
        let (tenants, engine) = (&self.shared.tenants, &self.shared.engine);
        tenants.prepare(engine, tenant, plugin).await
    }

    async fn stored_answer(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        self.shared.answer(tenant, id).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let mut tenants: Vec<TenantId> = Vec::new();
        loop {
            let mut variables = Variables::new();
            let last = tenants.last().map_or("", TenantId::as_str);
            variables.insert("after", Value::String(last.into()));
            let text = format!(
                "SELECT VALUE record::id(id) FROM type::record('tenants', $after>..) LIMIT {TENANTS_BATCH}"
            );
            let root = self.shared.engine.root().clone();
            let rows = self
                .shared
                .engine
                .run(async move { root.rows(&text, variables).await })
                .await??;
            let read = rows.len();
            tenants.extend(
                rows.into_iter()
                    .filter_map(|id| TenantId::parse(encode::decode(id).as_str()?).ok()),
            );
            if read < TENANTS_BATCH {
                return Ok(tenants);
            }
        }
    }

    async fn sweep(&self) -> Result<u64, StoreError> {
        let mut removed = self.shared.sweep(&TenantId::platform()).await?;
        for tenant in self.tenants().await? {
            removed += self.shared.sweep(&tenant).await?;
        }
        Ok(removed)
    }

    async fn extent(
        &self,
        tenant: &TenantId,
        stretches: &[Stretch],
        enough: u64,
    ) -> Result<Extent, StoreError> {
        self.shared.extent(tenant, stretches, enough).await
    }

    async fn outbox(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.shared.events(tenant, after, limit).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let root = self.shared.engine.root().clone();
        let answer = self
            .shared
            .engine
            .run(async move { root.run("RETURN true", Variables::new()).await.map(drop) });
        Ok(answer.await??)
    }

    async fn shutdown(&self) {
        self.shared.engine.shutdown().await;
    }
}

#[async_trait]
impl Outbox for SurrealStore {
    fn listen(&self, listener: Arc<dyn OutboxListener>) {
        self.shared.tenants.listener.set(listener);
    }

    async fn pending(
        &self,
        tenant: &TenantId,
        from: &str,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        self.shared.pending(tenant, from, limit).await
    }

    async fn delayed(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.shared.delayed(tenant, limit).await
    }

    async fn promote(&self, tenant: &TenantId, now: Millis) -> Result<Promoted, StoreError> {
        self.shared.promote(tenant, now).await
    }

    async fn settle(&self, tenant: &TenantId, events: &[Pending]) -> Result<(), StoreError> {
        self.shared.settle(tenant, events).await
    }

    async fn hand_over(&self, event: &Event) -> Result<(), StoreError> {
        self.shared.hand_over(event).await
    }
}
