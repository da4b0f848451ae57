//! `stoa:storage/storage`: a plugin's own collections, in the caller's tenant.

use std::sync::Arc;

use serde_json::Value;
use stoa_kernel::limits::{DOCUMENT_BYTES_MAX, GET_MANY_MAX, GROUPS_MAX};
use stoa_kernel::query::{
    Aggregate, Compute, Filter, GroupKey, InvalidQuery, Path, Query, SortKey,
};
use stoa_kernel::store::{Document, Expiry, StoreError};

use crate::bindings::stoa::storage::storage as wire;
use crate::fault::{Ended, Fault};
use crate::grants::Capability;
use crate::revision::CollectionInfo;
use crate::scope::Scope;
use crate::state::State;
use crate::storing;

type Answer<T> = wasmtime::Result<Result<T, wire::Error>>;

/// Ends with the error as the guest's answer, not as a trap.
macro_rules! granted {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error.into())),
        }
    };
}

/// What a plugin is told that has no room left.
pub(super) const FULL: &str = "the plugin stores as much as it may for this tenant";

/// Over what a whole document is written.
enum Over {
    /// Nothing.
    Absent,
    /// Anything.
    Any,
    /// This version.
    Version(u64),
}

impl State {
    /// The grant: a collection that the manifest lists. Nothing else has a name.
    fn collection(&self, name: &str) -> Result<CollectionInfo, wire::Error> {
        self.revision
            .collections
            .get(name)
            .cloned()
            .ok_or_else(|| wire::Error::Denied(format!("no collection {name:?} in plugin.toml")))
    }

    /// Writes a whole document; its new version.
    async fn write(
        &mut self,
        collection: &str,
        id: &str,
        over: Over,
        body: &str,
        expires_at: Option<u64>,
    ) -> Answer<u64> {
        let scope = self.charge(Capability::Storage, id.len() + body.len())?;
        let collection = granted!(self.collection(collection));
        let value = granted!(object(body));
        if !self.has_room(&scope, body.len()).await? {
            return Ok(Err(full()));
        }
        let (body, expiry) = (value, expiry(&scope, &collection, expires_at));
        let (unit, name) = (&scope.unit, &collection.name);
        let written = match over {
            Over::Absent => unit.create(name, id, body, expiry).await,
            Over::Any => unit.put(name, id, None, body, expiry).await,
            Over::Version(version) => unit.put(name, id, Some(version), body, expiry).await,
        };
        self.reply(written, |_| 0)
    }

    /// Whether a write of so many bytes can be stored.
    pub(super) async fn has_room(&mut self, scope: &Scope, bytes: usize) -> wasmtime::Result<bool> {
        let revision = Arc::clone(&self.revision);
        let fits = storing::fits(&revision, scope, bytes).await;
        fits.map_err(|error| Ended(Fault::Store(error.to_string())).into())
    }

    fn reply<T>(
        &mut self,
        result: Result<T, StoreError>,
        size: impl FnOnce(&T) -> usize,
    ) -> Answer<T> {
        match result {
            Ok(value) => {
                self.charge_bytes(size(&value))?;
                Ok(Ok(value))
            }
            // A guest could only pass this on, wrongly, as its own failure.
            Err(StoreError::Unavailable(reason)) => Err(Ended(Fault::Store(reason)).into()),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

fn full() -> wire::Error {
    wire::Error::Limit(FULL.into())
}

impl From<StoreError> for wire::Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::AlreadyExists => Self::AlreadyExists,
            StoreError::NotUnique(fields) => Self::NotUnique(fields),
            StoreError::VersionMismatch(version) => Self::VersionMismatch(version),
            StoreError::Invalid(reason) => Self::Invalid(reason),
            StoreError::Limit(reason) => Self::Limit(reason),
            StoreError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

impl From<InvalidQuery> for wire::Error {
    fn from(InvalidQuery(reason): InvalidQuery) -> Self {
        Self::Invalid(reason)
    }
}

fn wire_document(document: Document) -> wire::Document {
    wire::Document {
        id: document.id.to_string(),
        version: document.version,
        body: document.body.to_string(),
    }
}

fn object(body: &str) -> Result<Value, wire::Error> {
    if body.len() > DOCUMENT_BYTES_MAX {
        return Err(wire::Error::Limit(format!(
            "a document of more than {DOCUMENT_BYTES_MAX} bytes"
        )));
    }
    match serde_json::from_str(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(wire::Error::Invalid("a document is a JSON object".into())),
        Err(error) => Err(wire::Error::Invalid(format!("the document: {error}"))),
    }
}

/// What the guest says, else what the manifest says.
fn expiry(scope: &Scope, collection: &CollectionInfo, expires_at: Option<u64>) -> Expiry {
    match (expires_at, collection.expiry_ms) {
        (Some(at), _) => Expiry::At(at),
        (None, Some(span)) => Expiry::At(scope.ports.clock.now().saturating_add(span)),
        (None, None) => Expiry::Never,
    }
}

fn query(query: wire::Selection) -> Result<Query, InvalidQuery> {
    Query {
        filter: Filter::parse(&query.filter)?,
        sort: query
            .sort
            .into_iter()
            .map(|key| {
                Ok(SortKey {
                    path: Path::parse(&key.path)?,
                    descending: key.descending,
                })
            })
            .collect::<Result<_, InvalidQuery>>()?,
        limit: query.limit,
        offset: query.offset,
        cursor: query.cursor,
        fields: query
            .fields
            .iter()
            .map(|path| Path::parse(path))
            .collect::<Result<_, _>>()?,
        total: query.total,
    }
    .bounded()
}

fn aggregate(aggregate: wire::Calculation) -> Result<Aggregate, InvalidQuery> {
    use stoa_kernel::query::{COMPUTE_MAX, KEYS_MAX};
    if aggregate.group_by.len() > KEYS_MAX || aggregate.compute.len() > COMPUTE_MAX {
        return Err(InvalidQuery(format!(
            "more than {KEYS_MAX} groups or {COMPUTE_MAX} calculations"
        )));
    }
    Ok(Aggregate {
        filter: Filter::parse(&aggregate.filter)?,
        group_by: aggregate
            .group_by
            .iter()
            .map(|key| GroupKey::parse(key))
            .collect::<Result<_, _>>()?,
        compute: aggregate
            .compute
            .iter()
            .map(|word| Compute::parse(word))
            .collect::<Result<_, _>>()?,
        limit: aggregate.limit.clamp(1, GROUPS_MAX),
    })
}

fn document_size(document: &Document) -> usize {
    document.body.len() + document.id.len()
}

impl wire::Host for State {
    async fn get(&mut self, collection: String, id: String) -> Answer<Option<wire::Document>> {
        let scope = self.charge(Capability::Storage, id.len())?;
        let collection = granted!(self.collection(&collection));
        let found = scope.unit.get(&collection.name, &id).await;
        let reply = self.reply(found, |found| found.as_ref().map_or(0, document_size))?;
        Ok(reply.map(|found| found.map(wire_document)))
    }

    async fn get_many(
        &mut self,
        collection: String,
        ids: Vec<String>,
    ) -> Answer<Vec<wire::Document>> {
        let scope = self.charge(Capability::Storage, ids.iter().map(String::len).sum())?;
        let collection = granted!(self.collection(&collection));
        if ids.len() > GET_MANY_MAX {
            return Ok(Err(wire::Error::Limit(format!(
                "more than {GET_MANY_MAX} ids"
            ))));
        }
        let found = scope.unit.get_many(&collection.name, &ids).await;
        let reply = self.reply(found, |found| found.iter().map(document_size).sum())?;
        Ok(reply.map(|found| found.into_iter().map(wire_document).collect()))
    }

    async fn create(
        &mut self,
        collection: String,
        id: String,
        body: String,
        expires_at: Option<u64>,
    ) -> Answer<u64> {
        self.write(&collection, &id, Over::Absent, &body, expires_at)
            .await
    }

    async fn put(
        &mut self,
        collection: String,
        id: String,
        body: String,
        expires_at: Option<u64>,
    ) -> Answer<u64> {
        self.write(&collection, &id, Over::Any, &body, expires_at)
            .await
    }

    async fn put_if_version(
        &mut self,
        collection: String,
        id: String,
        version: u64,
        body: String,
        expires_at: Option<u64>,
    ) -> Answer<u64> {
        self.write(&collection, &id, Over::Version(version), &body, expires_at)
            .await
    }

    async fn patch(
        &mut self,
        collection: String,
        id: String,
        merge: String,
    ) -> Answer<wire::Document> {
        let scope = self.charge(Capability::Storage, id.len() + merge.len())?;
        let collection = granted!(self.collection(&collection));
        let bytes = merge.len();
        let merge = granted!(object(&merge));
        if !self.has_room(&scope, bytes).await? {
            return Ok(Err(full()));
        }
        let kept = collection
            .expiry_ms
            .map(|_| expiry(&scope, &collection, None));
        let patched = scope.unit.patch(&collection.name, &id, merge, kept).await;
        let reply = self.reply(patched, document_size)?;
        Ok(reply.map(wire_document))
    }

    async fn delete(&mut self, collection: String, id: String) -> Answer<bool> {
        let scope = self.charge(Capability::Storage, id.len())?;
        let collection = granted!(self.collection(&collection));
        let deleted = scope.unit.delete(&collection.name, &id).await;
        self.reply(deleted, |_| 0)
    }

    async fn increment(
        &mut self,
        collection: String,
        id: String,
        path: String,
        by: i64,
    ) -> Answer<i64> {
        let scope = self.charge(Capability::Storage, id.len() + path.len())?;
        let collection = granted!(self.collection(&collection));
        let path = granted!(Path::parse(&path));
        // It may make the document.
        if !self.has_room(&scope, 0).await? {
            return Ok(Err(full()));
        }
        let counted = scope
            .unit
            .increment(&collection.name, &id, path.as_str(), by)
            .await;
        self.reply(counted, |_| 0)
    }

    async fn take_if_at_least(
        &mut self,
        collection: String,
        id: String,
        path: String,
        amount: i64,
    ) -> Answer<Option<i64>> {
        let scope = self.charge(Capability::Storage, id.len() + path.len())?;
        let collection = granted!(self.collection(&collection));
        let path = granted!(Path::parse(&path));
        if amount <= 0 {
            return Ok(Err(wire::Error::Invalid(
                "the amount is not positive".into(),
            )));
        }
        let taken = scope
            .unit
            .take_if_at_least(&collection.name, &id, path.as_str(), amount)
            .await;
        self.reply(taken, |_| 0)
    }

    async fn query(&mut self, collection: String, asked: wire::Selection) -> Answer<wire::Page> {
        let scope = self.charge(Capability::Storage, asked.filter.len())?;
        let collection = granted!(self.collection(&collection));
        let asked = granted!(query(asked));
        let found = scope.unit.query(&collection.name, &asked).await;
        let reply = self.reply(found, |page| page.items.iter().map(document_size).sum())?;
        Ok(reply.map(|page| wire::Page {
            items: page.items.into_iter().map(wire_document).collect(),
            total: page.total,
            next_cursor: page.next_cursor,
        }))
    }

    async fn aggregate(&mut self, collection: String, asked: wire::Calculation) -> Answer<String> {
        let scope: Arc<Scope> = self.charge(Capability::Storage, asked.filter.len())?;
        let collection = granted!(self.collection(&collection));
        let asked = granted!(aggregate(asked));
        let rows = scope.unit.aggregate(&collection.name, &asked).await;
        let text = rows.map(|rows| Value::Array(rows).to_string());
        self.reply(text, String::len)
    }
}
