//! What every unit of work shares: engine, caches, clock, and the numbering of commits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::limits::PAGE_BYTES_MAX;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Array, Number, Value, Variables};

use crate::documents::Documents;
use crate::engine::Engine;
use crate::fault::Fault;
use crate::outbox::EventIds;
use crate::pages::Pages;
use crate::row::{Committed, Row};
use crate::table::{Key, Table};
use crate::tenants::{Tenant, Tenants};

/// Commits of one opening of the database, as a power of two: more than a century at a million a second.
const COMMITS_PER_EPOCH_BITS: u32 = 42;

/// The store's inside.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) tenants: Tenants,
    pub(crate) documents: Documents,
    pub(crate) pages: Pages,
    clock: Arc<dyn Clock>,
    revisions: AtomicI64,
    pub(crate) event_ids: EventIds,
}

impl Shared {
    /// Numbers this opening of the database, so that no revision is ever given twice.
    pub(crate) async fn new(
        engine: Engine,
        documents: Documents,
        pages: Pages,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        let root = engine.root().clone();
        let counted = engine.run(async move {
            root.run(crate::schema::PLATFORM, Variables::new()).await?;
            root.rows(
                "UPSERT host:epoch SET n += 1 RETURN VALUE n",
                Variables::new(),
            )
            .await
        });
        let Some(Value::Number(Number::Int(epoch))) = counted.await??.pop() else {
            return Err(Fault::failed(
                "the openings of the database can't be counted",
            ));
        };
        let revisions = AtomicI64::new(epoch << COMMITS_PER_EPOCH_BITS);
        Ok(Self {
            engine,
            tenants: Tenants::new(Arc::clone(&clock)),
            documents,
            pages,
            clock,
            revisions,
            event_ids: EventIds::default(),
        })
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// A number that no other commit has.
    pub(crate) fn next_revision(&self) -> i64 {
        self.revisions.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs one statement that answers rows.
    pub(crate) async fn rows(
        &self,
        tenant: &Tenant,
        text: String,
        variables: Variables,
    ) -> Result<Vec<Value>, StoreError> {
        let session = tenant.session.clone();
        Ok(self
            .engine
            .run(async move { session.rows(&text, variables).await })
            .await??)
    }

    /// What is committed under a key.
    pub(crate) async fn committed(
        &self,
        tenant: &Tenant,
        key: &Key,
    ) -> Result<Committed, StoreError> {
        if let Some(committed) = self.known(key) {
            return Ok(committed);
        }
        let ticket = self.documents.ticket(key);
        let mut variables = Variables::new();
        variables.insert("r", key.record());
        let session = tenant.session.clone();
        // The engine answers this form in half the time of a SELECT.
        let mut rows = self
            .engine
            .run(async move { session.rows("$r.*", variables).await })
            .await??;
        let committed = rows
            .pop()
            .map(Row::from_database)
            .transpose()?
            .map(|(_, row)| Arc::new(row));
        self.documents.fill(&ticket, key.clone(), committed.clone());
        Ok(committed)
    }

    /// What is committed under each of the keys, in their order, with one question to the database if the documents are
    /// not large.
    ///
    /// # Errors
    /// [`StoreError::Limit`] when they are more than [`PAGE_BYTES_MAX`] bytes.
    pub(crate) async fn committed_many(
        &self,
        tenant: &Tenant,
        keys: &[Key],
    ) -> Result<Vec<Committed>, StoreError> {
        let mut found: Vec<Option<Committed>> = keys.iter().map(|key| self.known(key)).collect();
        let missing: Vec<&Key> = keys
            .iter()
            .zip(&found)
            .filter(|(_, known)| known.is_none())
            .map(|(key, _)| key)
            .collect();
        if missing.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
        let tickets: Vec<_> = missing
            .iter()
            .map(|key| (self.documents.ticket(key), (*key).clone()))
            .collect();
        let portion = missing.iter().map(|key| key.table.largest.portion()).min();
        let mut read = HashMap::with_capacity(missing.len());
        let mut bytes = 0;
        for keys in missing.chunks(portion.unwrap_or(1)) {
            let records: Vec<Value> = keys.iter().map(|key| key.record()).collect();
            let mut variables = Variables::new();
            variables.insert("rs", Value::Array(Array::from(records)));
            let rows = self.rows(tenant, "SELECT * FROM $rs".into(), variables);
            for row in rows.await? {
                let (id, row) = Row::from_database(row)?;
                bytes += row.body.len();
                read.insert(id, Arc::new(row));
            }
            if bytes > PAGE_BYTES_MAX {
                return Err(StoreError::Limit(format!(
                    "documents of more than {PAGE_BYTES_MAX} bytes at once"
                )));
            }
        }
        for (ticket, key) in tickets {
            let committed = read.get(&key.id).cloned();
            self.documents.fill(&ticket, key, committed);
        }
        let answers = found.iter_mut().zip(keys);
        Ok(answers
            .map(|(known, key)| known.take().unwrap_or_else(|| read.get(&key.id).cloned()))
            .collect())
    }

    /// What the cache knows.
    fn known(&self, key: &Key) -> Option<Committed> {
        let known = self.documents.get(key);
        let outcome = if known.is_some() { "hit" } else { "miss" };
        metrics::counter!("store_document_cache_total", "outcome" => outcome).increment(1);
        known
    }

    /// Whether time alone can change what a query over the table answers.
    pub(crate) async fn may_expire(
        &self,
        tenant: &Tenant,
        table: &Table,
    ) -> Result<bool, StoreError> {
        let probe = async || {
            let text = format!(
                "SELECT VALUE exp FROM `{}` WHERE exp > 0 LIMIT 1",
                table.name
            );
            if !self.rows(tenant, text, Variables::new()).await?.is_empty() {
                table.set_expiring();
            }
            Ok::<(), StoreError>(())
        };
        table.probed.get_or_try_init(probe).await?;
        Ok(table.may_expire())
    }
}
