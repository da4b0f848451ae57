//! Reading documents by id.

use std::sync::Arc;

use stoa_kernel::id::CollectionName;
use stoa_kernel::limits;
use stoa_kernel::store::{Document, StoreError};

use super::Work;
use super::state::Pending;
use crate::row::{Committed, Row, visible};
use crate::table::Key;

/// A document as this request sees it.
pub(super) struct View {
    /// What is committed, expired or not.
    pub(super) base: Committed,
    /// What this request sees, its own write included.
    pub(super) current: Option<Arc<Row>>,
    /// The version that a write will have.
    pub(super) next_version: u64,
}

impl Work {
    /// A document's place, its id checked.
    pub(super) fn key(&self, collection: &CollectionName, id: &str) -> Result<Key, StoreError> {
        if id.is_empty()
            || id.len() > limits::DOCUMENT_ID_BYTES_MAX
            || id.chars().any(char::is_control)
        {
            let max = limits::DOCUMENT_ID_BYTES_MAX;
            return Err(StoreError::Invalid(format!(
                "id: 1 to {max} bytes without control characters"
            )));
        }
        Ok(Key {
            table: Arc::clone(self.tenant.table(collection)?),
            id: id.into(),
        })
    }

    /// Reads a document, remembering what was found.
    pub(super) async fn view(&self, key: &Key) -> Result<View, StoreError> {
        let own = self.state().own(key);
        if let Some(own) = own {
            let current = own.visible(self.shared.now()).cloned();
            let next_version = current.as_ref().map_or(1, |row| row.version);
            return Ok(View {
                base: own.base,
                current,
                next_version,
            });
        }
        let base = self.shared.committed(&self.tenant, key).await?;
        self.state().record(key, &base)?;
        let current = visible(&base, self.shared.now()).cloned();
        let next_version = current.as_ref().map_or(1, |row| row.version + 1);
        Ok(View {
            base,
            current,
            next_version,
        })
    }

    pub(super) async fn read_one(&self, key: &Key) -> Result<Option<Document>, StoreError> {
        Ok(self
            .view(key)
            .await?
            .current
            .map(|row| row.document(&key.id)))
    }

    pub(super) async fn read_many(
        &self,
        collection: &CollectionName,
        ids: &[String],
    ) -> Result<Vec<Document>, StoreError> {
        if ids.len() > limits::GET_MANY_MAX {
            return Err(StoreError::Limit(format!(
                "at most {} ids at once",
                limits::GET_MANY_MAX
            )));
        }
        let keys = ids
            .iter()
            .map(|id| self.key(collection, id))
            .collect::<Result<Vec<_>, _>>()?;
        let own: Vec<Option<Pending>> = {
            let state = self.state();
            keys.iter().map(|key| state.own(key)).collect()
        };
        let others: Vec<Key> = keys
            .iter()
            .zip(&own)
            .filter(|(_, own)| own.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        let committed = self.shared.committed_many(&self.tenant, &others).await?;
        {
            let mut state = self.state();
            others
                .iter()
                .zip(&committed)
                .try_for_each(|(key, row)| state.record(key, row))?;
        }
        let now = self.shared.now();
        let mut committed = committed.iter();
        let document = |(key, own): (&Key, &Option<Pending>)| {
            let row = match own {
                Some(own) => own.visible(now),
                None => visible(committed.next()?, now),
            };
            row.map(|row| row.document(&key.id))
        };
        Ok(keys.iter().zip(&own).filter_map(document).collect())
    }
}
