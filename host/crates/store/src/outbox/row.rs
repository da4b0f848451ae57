//! How events and marks are held.

use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::id::TenantId;
use stoa_kernel::trace::TraceContext;
use surrealdb::types::{Number, Object, RecordId, RecordIdKey, Value};

use crate::names::{HANDLED, LATER, OUTBOX};
use crate::row::millis;
use crate::script::Script;

/// Digits of a time in the id of a delayed event: enough for every time that a row can hold.
const TIME_DIGITS: usize = 19;

/// Adds events to a commit, each with the time by which it is judged: to the outbox, or to those that are due later.
/// By that same time whoever waits for them is told.
pub(crate) fn insert<'a>(
    script: &mut Script,
    events: impl IntoIterator<Item = (&'a Event, Millis)>,
) {
    let (later, at_once): (Vec<_>, Vec<_>) = events
        .into_iter()
        .partition(|(event, now)| is_later(event, *now));
    if !at_once.is_empty() {
        let rows = at_once
            .into_iter()
            .map(|(event, _)| row(event, record(&event.id)));
        script.insert(OUTBOX, rows.collect());
    }
    if !later.is_empty() {
        let rows = later
            .into_iter()
            .map(|(event, _)| row(event, later_record(event)));
        script.insert(LATER, rows.collect());
    }
}

/// Whether it is not due yet.
pub(super) fn is_later(event: &Event, now: Millis) -> bool {
    event.due_at.is_some_and(|at| at > now)
}

/// A waiting event's record id, to be bound.
pub(crate) fn record(id: &str) -> Value {
    Value::RecordId(RecordId::new(OUTBOX, id))
}

/// A delayed event's record id: its time, then its id.
pub(super) fn later_record(event: &Event) -> Value {
    let key = later_key(event.due_at.unwrap_or_default(), &event.id);
    Value::RecordId(RecordId::new(LATER, key))
}

/// The place of a time among the delayed events.
pub(super) fn later_key(at: Millis, id: &str) -> String {
    format!("{at:0TIME_DIGITS$}{id}")
}

/// A mark's record id, to be bound.
pub(super) fn mark_record(event: &str, subscriber: &str) -> Value {
    Value::RecordId(RecordId::new(HANDLED, format!("{event}:{subscriber}")))
}

/// A mark as a row.
pub(crate) fn mark(event: &str, subscriber: &str, now: Millis) -> Object {
    let mut row = mark_content(now);
    row.insert("id", mark_record(event, subscriber));
    row
}

/// A mark's content.
pub(super) fn mark_content(now: Millis) -> Object {
    let mut row = Object::new();
    row.insert("at", millis(now));
    row
}

/// Whether the engine's text of a record id names a mark.
pub(crate) fn is_mark(text: &str) -> bool {
    text.strip_prefix(HANDLED)
        .is_some_and(|rest| rest.starts_with(':'))
}

/// An event as a row under a record id.
pub(super) fn row(event: &Event, id: Value) -> Object {
    let mut row = Object::new();
    row.insert("id", id);
    row.insert("event", Value::String(event.id.clone()));
    row.insert("plugin", Value::String(event.plugin.clone()));
    row.insert("name", Value::String(event.name.clone()));
    row.insert("key", Value::String(event.key.clone()));
    row.insert("payload", Value::String(event.payload.clone()));
    row.insert("at", millis(event.raised_at));
    if let Some(due_at) = event.due_at {
        row.insert("due", millis(due_at));
    }
    if let Some(trace) = &event.trace {
        row.insert("trace", Value::String(trace.to_string()));
    }
    if let Some(tenant) = &event.tenant {
        row.insert("tenant", Value::String(tenant.as_str().into()));
    }
    row
}

/// The event of a row; none if it is no event's.
pub(super) fn event(row: Value) -> Option<Event> {
    let Value::Object(row) = row else { return None };
    let mut row = row.into_inner();
    let key = match row.remove("id") {
        Some(Value::RecordId(RecordId {
            key: RecordIdKey::String(id),
            ..
        })) => Some(id),
        _ => None,
    };
    let raised_at = millis_of(row.get("at"))?;
    let due_at = millis_of(row.get("due"));
    let mut text = |name: &str| match row.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    Some(Event {
        id: text("event").or(key)?,
        tenant: text("tenant").and_then(|id| TenantId::parse(&id).ok()),
        trace: text("trace").and_then(|text| TraceContext::parse(&text)),
        raised_at,
        due_at,
        plugin: text("plugin")?,
        name: text("name")?,
        key: text("key")?,
        payload: text("payload")?,
    })
}

/// The number of milliseconds.
pub(super) fn millis_of(value: Option<&Value>) -> Option<Millis> {
    match value {
        Some(Value::Number(Number::Int(at))) => u64::try_from(*at).ok(),
        _ => None,
    }
}
