//! Removing what has expired, in batches.

use std::sync::Arc;

use stoa_kernel::id::TenantId;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Array, RecordId, RecordIdKey, Value, Variables};

use crate::fault::Fault;
use crate::names::{ANSWERS, ARRIVED};
use crate::row::millis;
use crate::shared::Shared;
use crate::table::{Key, Table};
use crate::tenants::Tenant;

/// Rows that one batch removes: more would hold up the commits of other documents for too long.
const BATCH: u32 = 500;

/// Rows without expiry sort before all others, so the lower bound is what spares them.
const EXPIRED: &str = "exp > 0 AND exp <= $now";

impl Shared {
    /// Removes what has expired of each of a tenant's tables, a batch at a time.
    pub(crate) async fn sweep(self: &Arc<Self>, tenant: &TenantId) -> Result<u64, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let mut removed = 0;
        for table in [ANSWERS, ARRIVED] {
            loop {
                let batch = self.sweep_rows(&tenant, table).await?;
                removed += batch;
                if batch < BATCH.into() {
                    break;
                }
            }
        }
        for table in tenant.tables() {
            while self.may_expire(&tenant, table).await? {
                let batch = self.sweep_table(&tenant, table).await?;
                removed += batch;
                if batch < BATCH.into() {
                    break;
                }
            }
        }
        Ok(removed)
    }

    async fn sweep_rows(&self, tenant: &Tenant, table: &str) -> Result<u64, StoreError> {
        let expired = self.expired(tenant, table).await?;
        if expired.is_empty() {
            return Ok(0);
        }
        let variables = batch(expired, self.now());
        Ok(self
            .rows(
                tenant,
                format!("DELETE $rs WHERE {EXPIRED} RETURN VALUE $before.id"),
                variables,
            )
            .await?
            .len() as u64)
    }

    async fn sweep_table(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        table: &Arc<Table>,
    ) -> Result<u64, StoreError> {
        let expired = self.expired(tenant, &table.name).await?;
        let keys: Vec<Key> = expired
            .iter()
            .filter_map(|record| key(table, record))
            .collect();
        if keys.is_empty() {
            return Ok(0);
        }
        let (shared, tenant) = (Arc::clone(self), Arc::clone(tenant));
        let variables = batch(expired, self.now());
        let work = async move {
            let _locks = shared.documents.lock(keys.iter(), std::iter::empty()).await;
            let removed = tenant
                .session
                .rows(
                    &format!("DELETE $rs WHERE {EXPIRED} RETURN VALUE $before.id"),
                    variables,
                )
                .await;
            keys.iter().for_each(|key| shared.forget(key));
            removed
        };
        match self.engine.run(work).await? {
            Ok(removed) => Ok(removed.len() as u64),
            // The next sweep finds them again.
            Err(Fault::Conflict) => Ok(0),
            Err(fault) => Err(fault.into()),
        }
    }

    async fn expired(&self, tenant: &Tenant, table: &str) -> Result<Vec<Value>, StoreError> {
        let mut variables = Variables::new();
        variables.insert("now", millis(self.now()));
        self.rows(
            tenant,
            format!("SELECT VALUE id FROM `{table}` WHERE {EXPIRED} LIMIT {BATCH}"),
            variables,
        )
        .await
    }
}

fn batch(records: Vec<Value>, now: u64) -> Variables {
    let mut variables = Variables::new();
    variables.insert("rs", Value::Array(Array::from(records)));
    variables.insert("now", millis(now));
    variables
}

fn key(table: &Arc<Table>, record: &Value) -> Option<Key> {
    match record {
        Value::RecordId(RecordId {
            key: RecordIdKey::String(id),
            ..
        }) => Some(Key {
            table: Arc::clone(table),
            id: id.as_str().into(),
        }),
        _ => None,
    }
}
