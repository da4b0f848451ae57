//! Who listens on this host: how many they are, and which of them end.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::id::TenantId;
use stoa_kernel::live::{End, JoinError, Listener};

use crate::limits::ConnectionLimits;
use crate::mailbox::SharedMailbox;

/// A connection, on this host and for as long as it runs.
pub type ConnectionId = u64;

/// All connections.
pub struct Connections {
    limits: ConnectionLimits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last_id: ConnectionId,
    is_closed: bool,
    by_id: HashMap<ConnectionId, (Listener, SharedMailbox)>,
    by_account: HashMap<Arc<str>, HashSet<ConnectionId>>,
    by_session: HashMap<Arc<str>, HashSet<ConnectionId>>,
    by_tenant: HashMap<TenantId, HashSet<ConnectionId>>,
}

impl Connections {
    /// None yet.
    #[must_use]
    pub fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open().by_id.len()
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`JoinError::Limit`].
    pub fn add(
        &self,
        listener: &Listener,
        mailbox: &SharedMailbox,
    ) -> Result<ConnectionId, JoinError> {
        let mut open = self.open();
        if open.is_closed {
            return Err(JoinError::Limit("the host stops"));
        }
        if open.by_id.len() >= self.limits.max.get() {
            return Err(JoinError::Limit("the host has too many connections"));
        }
        if count(&open.by_tenant, &listener.tenant) >= self.limits.per_tenant_max.get() {
            return Err(JoinError::Limit(
                "the organisation has too many connections",
            ));
        }
        if count(&open.by_account, &listener.account) >= self.limits.per_account_max.get() {
            return Err(JoinError::Limit("the account has too many connections"));
        }
        open.last_id += 1;
        let id = open.last_id;
        let of_account = open.by_account.entry(Arc::clone(&listener.account));
        of_account.or_default().insert(id);
        let of_tenant = open.by_tenant.entry(listener.tenant.clone());
        of_tenant.or_default().insert(id);
        if let Some(session) = &listener.session {
            let of_session = open.by_session.entry(Arc::clone(session));
            of_session.or_default().insert(id);
        }
        let added = (listener.clone(), Arc::clone(mailbox));
        open.by_id.insert(id, added);
        Ok(id)
    }

    /// Takes one out that is gone.
    pub fn remove(&self, id: ConnectionId) {
        let mut open = self.open();
        let Some((listener, _)) = open.by_id.remove(&id) else {
            return;
        };
        remove(&mut open.by_account, &listener.account, id);
        remove(&mut open.by_tenant, &listener.tenant, id);
        if let Some(session) = &listener.session {
            remove(&mut open.by_session, session, id);
        }
    }

    /// Ends those of a session.
    pub fn end_session(&self, session: &str) {
        let open = self.open();
        let ids = open.by_session.get(session).into_iter().flatten();
        for (_, mailbox) in ids.filter_map(|id| open.by_id.get(id)) {
            mailbox.end(End::SessionEnded);
        }
    }

    /// Ends those of an account: in one tenant, or in all.
    pub fn end_account(&self, tenant: Option<&TenantId>, account: &str) {
        let open = self.open();
        let ids = open.by_account.get(account).into_iter().flatten();
        for (listener, mailbox) in ids.filter_map(|id| open.by_id.get(id)) {
            if tenant.is_none_or(|tenant| listener.tenant == *tenant) {
                mailbox.end(End::SessionEnded);
            }
        }
    }

    /// Ends all, and takes no more.
    pub fn shutdown(&self) {
        let mut open = self.open();
        open.is_closed = true;
        for (_, mailbox) in open.by_id.values() {
            mailbox.end(End::Shutdown);
        }
    }
}

fn count<K: Hash + Eq>(by: &HashMap<K, HashSet<ConnectionId>>, key: &K) -> usize {
    by.get(key).map_or(0, HashSet::len)
}

fn remove<K: Hash + Eq>(by: &mut HashMap<K, HashSet<ConnectionId>>, key: &K, id: ConnectionId) {
    if let Some(ids) = by.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            by.remove(key);
        }
    }
}
