//! Writing documents.

use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::clock::Millis;
use stoa_kernel::limits;
use stoa_kernel::store::{Document, Expiry, StoreError};
use stoa_kernel::wit::value::merge_patch;

use super::Work;
use super::read::View;
use crate::encode;
use crate::row::Row;
use crate::table::Key;

impl Work {
    pub(super) async fn create_one(
        &self,
        key: &Key,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        let view = match self.presumed_new(key) {
            Some(view) => view,
            None => self.view(key).await?,
        };
        // A request that was told before that there is none is not told otherwise: its commit meets the conflict,
        // and it runs again.
        if view.current.is_some() && !self.state().was_told_otherwise(key, &view.base) {
            return Err(StoreError::AlreadyExists);
        }
        Ok(self.write(key, view, body, at(expiry, None)).await?.version)
    }

    /// The sight of nothing, where nothing is known of the document and it may be presumed new. It is not
    /// remembered as read: that the commit can't create what exists is check enough.
    fn presumed_new(&self, key: &Key) -> Option<View> {
        let mut state = self.state();
        let is_unknown = state.is_untouched(key) && self.shared.documents.get(key).is_none();
        (is_unknown && state.presume()).then_some(View {
            base: None,
            current: None,
            next_version: 1,
        })
    }

    pub(super) async fn put_one(
        &self,
        key: &Key,
        version: Option<u64>,
        body: Value,
        expiry: Expiry,
    ) -> Result<u64, StoreError> {
        let view = self.view_to_change(key).await?;
        if let Some(expected) = version {
            let actual = view.current.as_ref().ok_or(StoreError::NotFound)?.version;
            if actual != expected {
                return Err(StoreError::VersionMismatch(actual));
            }
        }
        let before = view.current.as_ref().and_then(|row| row.expires_at);
        let expires_at = at(expiry, before);
        Ok(self.write(key, view, body, expires_at).await?.version)
    }

    pub(super) async fn patch_one(
        &self,
        key: &Key,
        merge: Value,
        expiry: Option<Expiry>,
    ) -> Result<Document, StoreError> {
        if !merge.is_object() {
            return Err(StoreError::Invalid("merge: a JSON object".into()));
        }
        self.change(key, expiry, |document| {
            merge_patch(document, merge);
            Ok(())
        })
        .await
    }

    pub(super) async fn delete_one(&self, key: &Key) -> Result<bool, StoreError> {
        let view = self.view_to_change(key).await?;
        if view.current.is_none() {
            return Ok(false);
        }
        self.state().write(key.clone(), view.base, None)?;
        Ok(true)
    }

    /// Changes a document that exists. Keeps its expiry if `expiry` is none.
    pub(super) async fn change(
        &self,
        key: &Key,
        expiry: Option<Expiry>,
        change: impl FnOnce(&mut Value) -> Result<(), StoreError>,
    ) -> Result<Document, StoreError> {
        let view = self.view_to_change(key).await?;
        let current = view.current.as_ref().ok_or(StoreError::NotFound)?;
        let expires_at = at(expiry.unwrap_or(Expiry::Kept), current.expires_at);
        let mut value = Value::clone(&current.value);
        change(&mut value)?;
        Ok(self
            .write(key, view, value, expires_at)
            .await?
            .document(&key.id))
    }

    /// The document as it is, if the request may change it.
    async fn view_to_change(&self, key: &Key) -> Result<View, StoreError> {
        self.state().may_change(key)?;
        self.view(key).await
    }

    async fn write(
        &self,
        key: &Key,
        view: View,
        value: Value,
        expires_at: Option<Millis>,
    ) -> Result<Arc<Row>, StoreError> {
        if !value.is_object() {
            return Err(StoreError::Invalid("body: a JSON object".into()));
        }
        encode::check(&value)?;
        let body = value.to_string();
        if body.len() > limits::DOCUMENT_BYTES_MAX {
            return Err(StoreError::Limit(format!(
                "a document has at most {} bytes",
                limits::DOCUMENT_BYTES_MAX
            )));
        }
        let freed = self.check_unique(key, &view, &value).await?;
        let row = Arc::new(Row::draft(
            view.next_version,
            Arc::new(value),
            body.into(),
            expires_at,
        ));
        let mut state = self.state();
        for (expired, base) in freed {
            state.write(expired, base, None)?;
        }
        state.write(key.clone(), view.base, Some(Arc::clone(&row)))?;
        Ok(row)
    }
}

/// When it ends that ended then before.
const fn at(expiry: Expiry, before: Option<Millis>) -> Option<Millis> {
    match expiry {
        Expiry::Never => None,
        Expiry::At(at) => Some(at),
        Expiry::Kept => before,
    }
}
