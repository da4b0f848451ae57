//! The channels of this host, beside those of others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use metrics::counter;
use stoa_kernel::id::TenantId;
use stoa_kernel::live::{
    BusEar, Ear, JoinError, Joined, Listener, Live, LiveBus, Push, Signal, missed,
};
use stoa_kernel::store::{Store, StoreError};
use tokio::runtime::Handle;

use crate::connections::Connections;
use crate::ear::HubEar;
use crate::limits::{ConnectionLimits, LATE_MS_MAX};
use crate::mailbox::{Mailbox, SharedMailbox};
use crate::tenant::Channels;

/// What the hub needs from the rest of the host.
pub struct Ports {
    /// Where histories are.
    pub store: Arc<dyn Store>,
}

/// Tells those who listen on this host, and by the bus the other hosts.
pub struct Hub {
    inner: Arc<Inner>,
}

/// What ears share with the hub.
pub struct Inner {
    store: Arc<dyn Store>,
    bus: OnceLock<Arc<dyn LiveBus>>,
    /// Who listens.
    pub connections: Connections,
    tenants: Mutex<HashMap<TenantId, SharedChannels>>,
}

type SharedChannels = Arc<Mutex<Channels>>;

impl Hub {
    /// Nobody listens yet, and there are no other hosts.
    #[must_use]
    pub fn new(ports: Ports, limits: ConnectionLimits) -> Self {
        Self {
            inner: Arc::new(Inner {
                store: ports.store,
                bus: OnceLock::new(),
                connections: Connections::new(limits),
                tenants: Mutex::default(),
            }),
        }
    }

    /// Tells other hosts from now on, too. The first bus counts.
    pub fn join_bus(&self, bus: Arc<dyn LiveBus>) {
        // A second bus would tell everything twice.
        let _ = self.inner.bus.set(bus);
    }

    /// How many connections listen on this host.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.connections.count()
    }

    fn tell_others(&self, signal: impl FnOnce() -> Signal) {
        if let Some(bus) = self.inner.bus.get() {
            bus.tell(Arc::new(signal()));
        }
    }
}

impl BusEar for Hub {
    fn hear(&self, signal: Signal) {
        match signal {
            Signal::Pushed(tenant, pushes) => self.inner.tell(&tenant, pushes),
            Signal::SessionEnded(session) => self.inner.connections.end_session(&session),
            Signal::AccountEnded(tenant, account) => {
                let connections = &self.inner.connections;
                connections.end_account(tenant.as_ref(), &account);
            }
            // Whoever listens stays, whichever version serves.
            Signal::PluginsSwitched => {}
        }
    }

    fn lost_some(&self) {
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move { inner.look_again().await });
    }
}

impl Live for Hub {
    fn push(&self, tenant: &TenantId, pushes: Vec<Push>) {
        if pushes.is_empty() {
            return;
        }
        counter!("live_messages_total").increment(pushes.len() as u64);
        self.tell_others(|| Signal::Pushed(tenant.clone(), pushes.clone()));
        self.inner.tell(tenant, pushes);
    }

    fn listen(&self, listener: Listener) -> Result<Box<dyn Ear>, JoinError> {
        let mailbox: SharedMailbox = Arc::new(Mailbox::default());
        let id = self.inner.connections.add(&listener, &mailbox)?;
        let inner = Arc::clone(&self.inner);
        Ok(Box::new(HubEar::new(inner, id, listener, mailbox)))
    }

    fn end_session(&self, session: &str) {
        self.inner.connections.end_session(session);
        self.tell_others(|| Signal::SessionEnded(session.into()));
    }

    fn end_account(&self, tenant: Option<&TenantId>, account: &str) {
        self.inner.connections.end_account(tenant, account);
        self.tell_others(|| Signal::AccountEnded(tenant.cloned(), account.into()));
    }

    fn shutdown(&self) {
        self.inner.connections.shutdown();
    }
}

impl Inner {
    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, SharedChannels>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the channels of a tenant; they are made for that if need be, and forgotten when all are closed.
    pub fn with<R>(self: &Arc<Self>, tenant: &TenantId, act: impl FnOnce(&mut Channels) -> R) -> R {
        let shared = Arc::clone(self.tenants().entry(tenant.clone()).or_default());
        let (result, stalled, is_empty) = {
            let mut channels = lock(&shared);
            let result = act(&mut channels);
            (result, channels.take_stalled(), channels.is_empty())
        };
        drop(shared);
        if is_empty {
            let mut tenants = self.tenants();
            let is_unused = |shared: &SharedChannels| {
                // Who else holds it is about to use it.
                Arc::strong_count(shared) == 1 && lock(shared).is_empty()
            };
            if tenants.get(tenant).is_some_and(is_unused) {
                tenants.remove(tenant);
            }
        }
        for channel in stalled {
            let (inner, tenant) = (Arc::clone(self), tenant.clone());
            // Without one the host is ending, and nobody listens any longer.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move { inner.watch(&tenant, &channel).await });
            }
        }
        result
    }

    fn tell(self: &Arc<Self>, tenant: &TenantId, pushes: Vec<Push>) {
        let has_listeners = self.tenants().contains_key(tenant);
        if has_listeners {
            self.with(tenant, |channels| channels.tell(pushes.into()));
        }
    }

    /// What a channel's history has after a message.
    pub async fn missed(
        &self,
        tenant: &TenantId,
        channel: &Arc<str>,
        after: Option<u64>,
    ) -> Result<Joined, StoreError> {
        missed(&*self.store, tenant, channel, after).await
    }

    /// Looks for what was said elsewhere and not heard here, in all channels that keep a history.
    async fn look_again(self: &Arc<Self>) {
        let tenants: Vec<TenantId> = self.tenants().keys().cloned().collect();
        for tenant in tenants {
            for (channel, last) in self.with(&tenant, |channels| channels.begun()) {
                match self.missed(&tenant, &channel, Some(last)).await {
                    Ok(found) => self.with(&tenant, |channels| {
                        channels.make_up(&channel, found.missed);
                    }),
                    Err(error) => tracing::warn!(%tenant, %error, "a history can't be read"),
                }
            }
        }
    }

    /// Waits for what a channel misses, and then looks for it in the history, until nothing is missing.
    async fn watch(self: &Arc<Self>, tenant: &TenantId, channel: &Arc<str>) {
        loop {
            tokio::time::sleep(Duration::from_millis(LATE_MS_MAX)).await;
            let last = self.with(tenant, |channels| channels.missing_after(channel));
            let Some(last) = last else { return };
            counter!("live_late_messages_total").increment(1);
            let found = match self.missed(tenant, channel, Some(last)).await {
                Ok(found) => found.missed,
                Err(error) => {
                    tracing::warn!(%tenant, %error, "messages are lost: the history can't be read");
                    Vec::new()
                }
            };
            self.with(tenant, |channels| channels.make_up(channel, found));
        }
    }
}

fn lock(channels: &SharedChannels) -> MutexGuard<'_, Channels> {
    channels.lock().unwrap_or_else(PoisonError::into_inner)
}
