//! Facts that plugins and the host tell: rows of an outbox, and who may hear of them.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{Clock, Millis};
use crate::error::Problem;
use crate::id::TenantId;
use crate::random::{Random, ulid};
use crate::store::StoreError;
use crate::trace::{self, TraceContext};

/// Who raises the host's own events: the name of no plugin.
pub const HOST: &str = "host";

/// An event that was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// ULID. The commit that raises it may replace it by a greater one, so that of two commits that touch the
    /// same document the later one's events have the greater ids; from then on it stays.
    pub id: String,
    /// Whose event it is, where a unit of work over the platform's database raises it for a tenant: it is
    /// then handed over to that tenant's outbox, once. None for the tenant of the unit itself.
    pub tenant: Option<TenantId>,
    /// The plugin that raised it, or [`HOST`].
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
    /// The span that raised it, if that is kept.
    pub trace: Option<TraceContext>,
}

impl Event {
    /// An event of the host itself, to be raised in a unit of work over the platform's database:
    ///
    /// ```ignore
    /// unit.raise(Event::of_host(&tenant, "member.joined", &account, &json!({"id": account}), &*clock, &*random))?;
    /// ```
    ///
    /// It reaches the plugins and [`HostSubscriber`]s of `tenant` if and only if the unit commits. With
    /// [`TenantId::platform`] it concerns no tenant, and host subscribers alone get it.
    #[must_use]
    pub fn of_host(
        tenant: &TenantId,
        name: &str,
        key: &str,
        payload: &Value,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Self {
        let now = clock.now();
        Self {
            id: ulid(now, random),
            tenant: (!tenant.is_platform()).then(|| tenant.clone()),
            plugin: HOST.to_owned(),
            name: name.to_owned(),
            key: key.to_owned(),
            payload: payload.to_string(),
            raised_at: now,
            due_at: None,
            trace: trace::current().filter(|context| context.is_sampled),
        }
    }

    /// The same, delivered no earlier than `at`.
    #[must_use]
    pub fn due(mut self, at: Millis) -> Self {
        self.due_at = Some(at);
        self
    }
}

/// A part of the host that handles events as plugins do: in order per key, again after a failure, and as a
/// dead letter in the end. Handed to the dispatcher when the host is put together.
#[async_trait]
pub trait HostSubscriber: Send + Sync + 'static {
    /// What it is called in marks, metrics and dead letters: one word. It must stay the same over versions.
    fn name(&self) -> &'static str;

    /// The names of the events that it handles, whoever raises them.
    fn events(&self) -> &'static [&'static str];

    /// Handles one event of `tenant`. Its work is outside of that tenant's database, so it may be asked again
    /// for an event whose work is done: what it does has to be idempotent by [`Event::id`].
    ///
    /// # Errors
    /// Why it could not: the event comes again later.
    async fn handle(&self, tenant: &TenantId, event: &Event) -> Result<(), Problem>;
}

/// Consumers outside of the host, such as a log that other programs read.
#[async_trait]
pub trait EventStream: Send + Sync + 'static {
    /// Appends the events in this order. What was appended before an error is appended again later.
    ///
    /// # Errors
    /// Why it could not, for the operator.
    async fn append(&self, tenant: &TenantId, events: &[Event]) -> Result<(), String>;
}

/// An event that waits, and who has handled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The event.
    pub event: Event,
    /// The subscribers whose marks it has, see [`crate::store::UnitOfWork::handled`].
    pub handled: Vec<String>,
}

/// What became of the events whose time had come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promoted {
    /// The smallest id of those that wait for delivery now.
    pub first: Option<String>,
    /// When the next one is due; maybe already, if there were too many at once.
    pub next_due_at: Option<Millis>,
}

/// Hears of what outboxes get, in this process. It must return at once.
pub trait OutboxListener: Send + Sync + 'static {
    /// Events of `tenant` were committed, or may have been: the smallest of their ids, if any waits for
    /// delivery now, and the earliest time at which one of the others is due.
    fn raised(&self, tenant: &TenantId, first: Option<&str>, due_at: Option<Millis>);

    /// A tenant's database was opened for the first time in this process.
    fn opened(&self, tenant: &TenantId);
}

/// The outboxes as the dispatcher sees them. Events enter them through
/// [`crate::store::UnitOfWork::raise`] and nowhere else.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Who hears of news from now on, in place of whoever did before.
    fn listen(&self, listener: Arc<dyn OutboxListener>);

    /// The events that wait with ids from `from` on, in the order of their ids.
    async fn pending(
        &self,
        tenant: &TenantId,
        from: &str,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError>;

    /// The events that are due later, the next one first.
    async fn delayed(&self, tenant: &TenantId, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// Lets every event that is due by `now` wait for delivery, up to a batch.
    async fn promote(&self, tenant: &TenantId, now: Millis) -> Result<Promoted, StoreError>;

    /// Removes events that everybody has handled or that have been handed over, with their marks, all together.
    async fn settle(&self, tenant: &TenantId, events: &[Pending]) -> Result<(), StoreError>;

    /// Brings an event of the platform's outbox to the outbox of the tenant that it names: there exactly once,
    /// however often this is repeated before [`Self::settle`] removes it here, and for a day after that.
    async fn hand_over(&self, event: &Event) -> Result<(), StoreError>;
}
