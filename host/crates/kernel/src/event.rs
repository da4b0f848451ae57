//! Facts that plugins tell: rows of the outbox.

use crate::clock::Millis;

/// An event that a request raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// ULID; also the order in which a tenant's events were raised, up to clock resolution.
    pub id: String,
    /// The plugin that raised it.
    pub plugin: String,
    /// Its name, such as `product.created`.
    pub name: String,
    /// Events of one key are delivered in order.
    pub key: String,
    /// A JSON object, as text.
    pub payload: String,
    /// When it was raised.
    pub raised_at: Millis,
    /// When it is to be delivered, if not at once. Such an event waits for no other of its key.
    pub due_at: Option<Millis>,
}
