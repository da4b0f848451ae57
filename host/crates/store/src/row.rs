//! A document as a row: what is in the database, expired or not.

use std::sync::Arc;

use serde_json::Value as Json;
use stoa_kernel::clock::Millis;
use stoa_kernel::store::{Document, StoreError};
use surrealdb::types::{Number, Object, RecordIdKey, Value};

use crate::encode;
use crate::fault::Fault;

/// A row. `version` is the document's, which starts at 1 whenever the document is made anew; `revision` is
/// unique over the database's life, so equal revisions mean the very same write.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) revision: i64,
    pub(crate) version: u64,
    pub(crate) body: Arc<str>,
    pub(crate) expires_at: Option<Millis>,
    pub(crate) value: Arc<Json>,
}

/// When what is over has ended: before any clock's present, and after the nought of rows that never end.
const LONG_AGO: Millis = 1;

/// What the database holds under an id; none is no row.
pub(crate) type Committed = Option<Arc<Row>>;

impl Row {
    /// A row that this request writes; the commit gives it its revision.
    pub(crate) fn draft(
        version: u64,
        value: Arc<Json>,
        body: Arc<str>,
        expires_at: Option<Millis>,
    ) -> Self {
        Self {
            revision: 0,
            version,
            body,
            expires_at,
            value,
        }
    }

    /// What is left of a document that was removed, until the sweep comes by. It holds no values that others may want.
    pub(crate) fn ended(revision: i64) -> Self {
        Self {
            revision,
            version: 1,
            body: "{}".into(),
            expires_at: Some(LONG_AGO),
            value: Arc::new(Json::Object(serde_json::Map::new())),
        }
    }

    /// The same row with the revision of its commit.
    pub(crate) fn committed(&self, revision: i64) -> Self {
        Self {
            revision,
            version: self.version,
            body: Arc::clone(&self.body),
            expires_at: self.expires_at,
            value: Arc::clone(&self.value),
        }
    }

    /// Reads a row of `SELECT *`, with its id.
    pub(crate) fn from_database(value: Value) -> Result<(Arc<str>, Self), Fault> {
        let Value::Object(members) = value else {
            return Err(malformed("no object"));
        };
        let mut members = Object::into_inner(members);
        let Some(Value::RecordId(record)) = members.remove("id") else {
            return Err(malformed("no id"));
        };
        let RecordIdKey::String(id) = record.key else {
            return Err(malformed("an id that is no text"));
        };
        let mut int = |name: &str| match members.remove(name) {
            Some(Value::Number(Number::Int(int))) => Some(int),
            _ => None,
        };
        let revision = int("rev").ok_or_else(|| malformed("no revision"))?;
        let version = int("v")
            .and_then(|v| u64::try_from(v).ok())
            .ok_or_else(|| malformed("no version"))?;
        let expires_at = int("exp").and_then(|at| Millis::try_from(at).ok());
        let json = members
            .remove("doc")
            .map(encode::decode)
            .ok_or_else(|| malformed("no document"))?;
        let body = json.to_string().into();
        Ok((
            id.into(),
            Self {
                revision,
                version,
                body,
                expires_at,
                value: Arc::new(json),
            },
        ))
    }

    /// The row's content for a write.
    pub(crate) fn content(&self, now: Millis) -> Result<Object, StoreError> {
        let mut content = Object::new();
        content.insert("v", Value::Number(Number::Int(self.version.cast_signed())));
        content.insert("rev", Value::Number(Number::Int(self.revision)));
        content.insert("at", millis(now));
        content.insert("doc", encode::encode(&self.value)?);
        if let Some(at) = self.expires_at {
            content.insert("exp", millis(at));
        }
        Ok(content)
    }

    /// When time will make it invisible; none for what stays, and for what a request removed.
    pub(crate) fn will_end_at(&self) -> Option<Millis> {
        self.expires_at.filter(|at| *at != LONG_AGO)
    }

    /// Whether readers still see it.
    pub(crate) fn is_visible(&self, now: Millis) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }

    /// The document that readers see.
    pub(crate) fn document(&self, id: &Arc<str>) -> Document {
        Document {
            id: Arc::clone(id),
            version: self.version,
            body: Arc::clone(&self.body),
        }
    }
}

/// A time as the database holds it.
pub(crate) fn millis(at: Millis) -> Value {
    Value::Number(Number::Int(i64::try_from(at).unwrap_or(i64::MAX)))
}

/// The row, unless it has expired.
pub(crate) fn visible(committed: &Committed, now: Millis) -> Option<&Arc<Row>> {
    committed.as_ref().filter(|row| row.is_visible(now))
}

fn malformed(what: &str) -> Fault {
    Fault::failed(format!("a row has {what}"))
}
