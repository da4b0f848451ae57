//! Unique fields: who has the values already, among what is committed and what this request writes.
//!
//! The database's index has the last word at commit; here the guest learns of it while it can still act.

use std::sync::Arc;

use serde_json::Value as Json;
use stoa_kernel::query::Path;
use stoa_kernel::store::StoreError;
use surrealdb::types::Variables;

use super::Work;
use super::read::View;
use crate::encode;
use crate::names::column;
use crate::query::order::same;
use crate::row::{Committed, Row};
use crate::table::Key;

impl Work {
    /// Refuses values that another document has. Answers the expired documents that still occupy them, which
    /// the commit must remove.
    pub(super) async fn check_unique(
        &self,
        key: &Key,
        view: &View,
        value: &Json,
    ) -> Result<Vec<(Key, Committed)>, StoreError> {
        let mut freed = Vec::new();
        for paths in key.table.unique().iter() {
            let values: Vec<&Json> = paths.iter().map(|path| path.of(value)).collect();
            // A missing value is nobody's.
            if values.iter().any(|value| value.is_null()) || is_unchanged(view, paths, &values) {
                continue;
            }
            if self.is_taken_by_own(key, paths, &values) {
                return Err(not_unique(paths));
            }
            if self.state().presume() {
                continue;
            }
            for (other, row) in self.holders(key, paths, &values).await? {
                if row.is_visible(self.shared.now()) {
                    return Err(not_unique(paths));
                }
                freed.push((other, Some(Arc::new(row))));
            }
        }
        Ok(freed)
    }

    fn is_taken_by_own(&self, key: &Key, paths: &[Path], values: &[&Json]) -> bool {
        let now = self.shared.now();
        let own = self.state().own_of(&key.table);
        own.iter().any(|(other, pending)| {
            other != key
                && pending
                    .visible(now)
                    .is_some_and(|row| has(row, paths, values))
        })
    }

    /// The committed documents with the values, apart from those that this request writes.
    async fn holders(
        &self,
        key: &Key,
        paths: &[Path],
        values: &[&Json],
    ) -> Result<Vec<(Key, Row)>, StoreError> {
        let mut variables = Variables::new();
        let mut conditions = Vec::with_capacity(paths.len());
        for (index, (path, value)) in paths.iter().zip(values).enumerate() {
            conditions.push(format!("{} = $u{index}", column(path)));
            variables.insert(format!("u{index}"), encode::encode(value)?);
        }
        let text = format!(
            "SELECT * FROM `{}` WHERE {} LIMIT 2",
            key.table.name,
            conditions.join(" AND ")
        );
        let mut holders = Vec::new();
        for row in self.shared.rows(&self.tenant, text, variables).await? {
            let (id, row) = Row::from_database(row)?;
            let other = Key {
                table: Arc::clone(&key.table),
                id,
            };
            if other != *key && self.state().own(&other).is_none() {
                holders.push((other, row));
            }
        }
        Ok(holders)
    }
}

fn is_unchanged(view: &View, paths: &[Path], values: &[&Json]) -> bool {
    view.current
        .as_ref()
        .is_some_and(|current| has(current, paths, values))
}

fn has(row: &Row, paths: &[Path], values: &[&Json]) -> bool {
    paths
        .iter()
        .zip(values)
        .all(|(path, value)| same(path.of(&row.value), value))
}

fn not_unique(paths: &[Path]) -> StoreError {
    StoreError::NotUnique(paths.iter().map(Path::as_str).collect::<Vec<_>>().join(","))
}
