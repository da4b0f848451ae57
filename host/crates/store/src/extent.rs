//! How much a plugin stores: its documents are read and counted.

use stoa_kernel::id::TenantId;
use stoa_kernel::store::{Extent, StoreError, Stretch};
use surrealdb::types::{Number, Value, Variables};

use crate::row::Row;
use crate::shared::Shared;

/// Rows that are read at once: with the largest documents they still fit into memory.
const BATCH: i64 = 100;

impl Shared {
    /// See [`stoa_kernel::store::Store::extent`].
    pub(crate) async fn extent(
        &self,
        tenant: &TenantId,
        stretches: &[Stretch],
        enough: u64,
    ) -> Result<Extent, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let mut extent = Extent::default();
        for Stretch { collection, prefix } in stretches {
            let table = &tenant.table(collection)?.name;
            // Every id is greater than how it begins. In this form the engine reads no further than the limit.
            let text = format!("SELECT * FROM type::record('{table}', $after>..) LIMIT $limit");
            let mut after = prefix.clone();
            'stretch: while extent.bytes <= enough {
                let mut variables = Variables::new();
                variables.insert("after", Value::String(after.clone()));
                variables.insert("limit", Value::Number(Number::Int(BATCH)));
                let rows = self.rows(&tenant, text.clone(), variables).await?;
                let read = rows.len();
                for row in rows {
                    let (id, row) = Row::from_database(row)?;
                    if !id.starts_with(prefix) {
                        break 'stretch;
                    }
                    extent.documents += 1;
                    extent.bytes += (row.body.len() + id.len()) as u64;
                    after = id.to_string();
                }
                if i64::try_from(read).is_ok_and(|read| read < BATCH) {
                    break;
                }
            }
        }
        Ok(extent)
    }
}
