//! Telling this process what outboxes get.

use std::sync::{Arc, PoisonError, RwLock};

use stoa_kernel::clock::Millis;
use stoa_kernel::event::{Event, OutboxListener};
use stoa_kernel::id::TenantId;

use super::row::is_later;
use crate::shared::Shared;

/// What a commit adds to an outbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The smallest id of the events that wait for delivery now.
    pub(super) first: Option<String>,
    /// When the next of the others is due.
    pub(super) due_at: Option<Millis>,
}

impl News {
    pub(crate) fn of(events: &[Event], now: Millis) -> Self {
        let (later, at_once): (Vec<_>, Vec<_>) =
            events.iter().partition(|event| is_later(event, now));
        Self {
            first: at_once.iter().map(|event| event.id.clone()).min(),
            due_at: later.iter().filter_map(|event| event.due_at).min(),
        }
    }
}

/// Who listens.
#[derive(Default)]
pub(crate) struct Listening(RwLock<Option<Arc<dyn OutboxListener>>>);

impl Listening {
    pub(crate) fn set(&self, listener: Arc<dyn OutboxListener>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    }

    fn get(&self) -> Option<Arc<dyn OutboxListener>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn opened(&self, tenant: &TenantId) {
        if let Some(listener) = self.get() {
            listener.opened(tenant);
        }
    }
}

impl Shared {
    /// Tells whoever listens.
    pub(crate) fn tell(&self, tenant: &TenantId, news: &News) {
        if *news == News::default() {
            return;
        }
        if let Some(listener) = self.tenants.listener.get() {
            listener.raised(tenant, news.first.as_deref(), news.due_at);
        }
    }
}
