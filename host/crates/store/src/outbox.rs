//! Events: rows of the outbox, written with what they tell of and read in the order of their ids.

use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::id::TenantId;
use stoa_kernel::store::StoreError;
use surrealdb::types::{Number, Object, RecordId, RecordIdKey, Value, Variables};

use crate::names::OUTBOX;
use crate::row::millis;
use crate::shared::Shared;

/// Events of one reading.
const EVENTS_MAX: u32 = 1_000;

/// An event as a row.
pub(crate) fn row(event: &Event) -> Object {
    let mut row = Object::new();
    row.insert(
        "id",
        Value::RecordId(RecordId::new(OUTBOX, event.id.as_str())),
    );
    row.insert("plugin", Value::String(event.plugin.clone()));
    row.insert("name", Value::String(event.name.clone()));
    row.insert("key", Value::String(event.key.clone()));
    row.insert("payload", Value::String(event.payload.clone()));
    row.insert("at", millis(event.raised_at));
    if let Some(due_at) = event.due_at {
        row.insert("due", millis(due_at));
    }
    row
}

impl Shared {
    /// The events behind one, oldest first.
    pub(crate) async fn events(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let tenant = self.tenants.open(&self.engine, tenant).await?;
        let mut variables = Variables::new();
        // Every id is greater than the empty text.
        variables.insert("after", Value::String(after.unwrap_or_default().into()));
        variables.insert(
            "limit",
            Value::Number(Number::Int(limit.clamp(1, EVENTS_MAX).into())),
        );
        // In this form the engine reads no further than the limit.
        let text = format!("SELECT * FROM type::record('{OUTBOX}', $after>..) LIMIT $limit");
        let rows = self.rows(&tenant, text, variables).await?;
        Ok(rows.into_iter().filter_map(event).collect())
    }
}

fn event(row: Value) -> Option<Event> {
    let Value::Object(row) = row else { return None };
    let mut row = row.into_inner();
    let Some(Value::RecordId(RecordId {
        key: RecordIdKey::String(id),
        ..
    })) = row.remove("id")
    else {
        return None;
    };
    let raised_at = millis_of(row.get("at"))?;
    let due_at = millis_of(row.get("due"));
    let mut text = |name: &str| match row.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    Some(Event {
        id,
        raised_at,
        due_at,
        plugin: text("plugin")?,
        name: text("name")?,
        key: text("key")?,
        payload: text("payload")?,
    })
}

fn millis_of(value: Option<&Value>) -> Option<Millis> {
    match value {
        Some(Value::Number(Number::Int(at))) => u64::try_from(*at).ok(),
        _ => None,
    }
}
