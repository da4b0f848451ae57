//! Answers stored under idempotency keys.

use std::sync::{Arc, LazyLock};

use stoa_kernel::answer::StoredAnswer;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Array, Bytes, Number, Object, RecordId, Value, Variables};

use crate::names::ANSWERS;
use crate::row::millis;
use crate::shared::Shared;
use crate::table::{Key, Table};

/// The place of an answer among the locks: two requests with one key never commit at the same time.
/// Tenants share it, which costs a wait at worst.
pub(crate) fn key(id: &str) -> Key {
    static TABLE: LazyLock<Arc<Table>> =
        LazyLock::new(|| Arc::new(Table::new(u64::MAX, ANSWERS.into(), Arc::new([]), None)));
    Key {
        table: Arc::clone(&TABLE),
        id: id.into(),
    }
}

/// An answer's record id, to be bound.
pub(crate) fn record(id: &str) -> Value {
    Value::RecordId(RecordId::new(ANSWERS, id))
}

/// Whether the engine's text of a record id names an answer.
pub(crate) fn is_record(text: &str) -> bool {
    text.strip_prefix(ANSWERS)
        .is_some_and(|rest| rest.starts_with(':'))
}

/// An answer as a row.
pub(crate) fn row(id: &str, answer: &StoredAnswer, now: Millis) -> Object {
    let text = |text: &String| Value::String(text.clone());
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| Value::Array(Array::from(vec![text(name), text(value)])));
    let mut row = Object::new();
    row.insert("id", record(id));
    row.insert("fingerprint", text(&answer.fingerprint));
    row.insert("status", Value::Number(Number::Int(answer.status.into())));
    row.insert(
        "headers",
        Value::Array(headers.collect::<Vec<Value>>().into()),
    );
    row.insert("body", Value::Bytes(Bytes::from(answer.body.clone())));
    row.insert("exp", millis(answer.expires_at));
    row.insert("at", millis(now));
    row
}

impl Shared {
    /// The answer under a key. An expired one is removed, so that the key can be used again.
    pub(crate) async fn answer(
        &self,
        tenant: &TenantId,
        id: &str,
    ) -> Result<Option<StoredAnswer>, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let mut variables = Variables::new();
        variables.insert("r", record(id));
        let rows = self.rows(&tenant, "$r.*".into(), variables.clone()).await?;
        let Some(answer) = rows.into_iter().next() else {
            return Ok(None);
        };
        let answer = read(answer)
            .ok_or_else(|| StoreError::Unavailable("a stored answer is malformed".into()))?;
        if answer.expires_at > self.now() {
            return Ok(Some(answer));
        }
        variables.insert("now", millis(self.now()));
        let text = "DELETE $r WHERE exp > 0 AND exp <= $now RETURN NONE".into();
        self.engine
            .persist(tenant.session.clone(), text, variables)
            .await?;
        Ok(None)
    }
}

fn read(row: Value) -> Option<StoredAnswer> {
    let Value::Object(row) = row else { return None };
    let mut row = row.into_inner();
    let (Some(Value::Array(headers)), Some(Value::Bytes(body))) =
        (row.remove("headers"), row.remove("body"))
    else {
        return None;
    };
    let Some(Value::String(fingerprint)) = row.remove("fingerprint") else {
        return None;
    };
    let mut int = |name: &str| match row.remove(name) {
        Some(Value::Number(Number::Int(int))) => Some(int),
        _ => None,
    };
    Some(StoredAnswer {
        fingerprint,
        status: u16::try_from(int("status")?).ok()?,
        headers: headers
            .into_vec()
            .into_iter()
            .map(header)
            .collect::<Option<_>>()?,
        body: body.into_inner().to_vec(),
        expires_at: Millis::try_from(int("exp")?).ok()?,
    })
}

fn header(pair: Value) -> Option<(String, String)> {
    let Value::Array(pair) = pair else {
        return None;
    };
    let mut pair = pair.into_vec().into_iter();
    match (pair.next(), pair.next()) {
        (Some(Value::String(name)), Some(Value::String(value))) => Some((name, value)),
        _ => None,
    }
}
