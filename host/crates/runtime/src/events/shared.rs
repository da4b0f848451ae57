//! What the dispatcher, its pumps and the turns of schedules share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::event::{EventStream, HostSubscriber, Outbox};
use stoa_kernel::id::TenantId;
use stoa_kernel::random::Random;
use stoa_kernel::store::Store;
use tokio::sync::{Semaphore, watch};

use super::dispatcher::DispatcherPorts;
use super::hub::{Figures, Hub};
use super::letters::DeadLetters;
use super::subscribers::Table;
use crate::runtime::Runtime;

/// Deliveries and turns at the same time, over all tenants: a fraction of the instances that there may be, so
/// that requests always find room.
pub const DELIVERIES_MAX: usize = 32;

/// Handings over to consumers outside at the same time. They have places of their own: while nobody takes them there, plugins
/// get their events all the same.
const STREAM_DELIVERIES_MAX: usize = 8;

/// The pause after the store has failed.
pub const STORE_PAUSE: Duration = Duration::from_secs(1);

/// All ports of the dispatcher.
pub struct Ports {
    /// The outboxes.
    pub outbox: Arc<dyn Outbox>,
    /// Where documents live.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

/// What all pumps share.
pub struct Shared {
    /// The plugins.
    pub runtime: Arc<Runtime>,
    /// The rest of the host.
    pub ports: Ports,
    /// Where deliveries end that were given up.
    pub letters: DeadLetters,
    /// Bounds deliveries and turns.
    pub permits: Semaphore,
    /// Bounds what is handed over to consumers outside.
    pub stream_permits: Semaphore,
    /// Where news come in.
    pub hub: Arc<Hub>,
    pub(super) subscribers: Vec<Arc<dyn HostSubscriber>>,
    pub(super) stream: Option<Arc<dyn EventStream>>,
    pub(super) table: watch::Sender<Arc<Table>>,
    pub(super) stop: watch::Sender<bool>,
    missing: Mutex<HashSet<TenantId>>,
}

impl Shared {
    /// With nobody who subscribes yet.
    pub fn new(
        runtime: Arc<Runtime>,
        ports: DispatcherPorts,
        letters: DeadLetters,
        hub: Arc<Hub>,
    ) -> Self {
        let of_runtime = runtime.core.ports.clone();
        Self {
            runtime,
            ports: Ports {
                outbox: ports.outbox,
                store: of_runtime.store,
                clock: of_runtime.clock,
                random: of_runtime.random,
            },
            letters,
            permits: Semaphore::new(DELIVERIES_MAX),
            stream_permits: Semaphore::new(STREAM_DELIVERIES_MAX),
            hub,
            subscribers: ports.subscribers,
            stream: ports.stream,
            table: watch::Sender::new(Arc::default()),
            stop: watch::Sender::new(false),
            missing: Mutex::default(),
        }
    }

    /// Whether nothing more is to be started.
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Ends when nothing more is to be started.
    pub async fn stopping(&self) {
        // That the sender is gone means the same.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Who subscribed to what when this was last looked at.
    pub fn table_now(&self) -> Arc<Table> {
        Arc::clone(&self.table.borrow())
    }

    /// Who subscribes to what, with every plugin that is live by now.
    pub async fn table(&self) -> Arc<Table> {
        let set = *self.runtime.watch_live().borrow();
        let mut tables = self.table.subscribe();
        tokio::select! {
            table = tables.wait_for(|table| table.set >= set) => match table {
                Ok(table) => Arc::clone(&table),
                Err(_) => self.table_now(),
            },
            () = self.stopping() => self.table_now(),
        }
    }

    /// Remembers that something of a tenant waits for a plugin that is away.
    pub fn misses_somebody(&self, tenant: &TenantId) {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        missing.insert(tenant.clone());
    }

    /// The tenants of which something waits for a plugin that was away.
    pub fn take_missing(&self) -> HashSet<TenantId> {
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *missing)
    }

    /// Waits before the store is asked again, or until the host stops.
    pub async fn pause(&self) {
        tokio::select! {
            () = tokio::time::sleep(STORE_PAUSE) => {}
            () = self.stopping() => {}
        }
    }

    /// A delayed event is due at a time.
    pub fn due(&self, tenant: &TenantId, at: Millis) {
        self.hub.due(tenant, at);
    }

    /// A pump's figures, or its end.
    pub fn report(&self, tenant: &TenantId, figures: Option<Figures>) {
        self.hub.report(tenant, figures);
    }
}
