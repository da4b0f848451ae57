//! Lets a request through alone that has met too many conflicts.
//!
//! Optimistic runs are fast as long as conflicts are rare. On a record that everybody wants, each winner makes
//! losers of all others, and bad luck could go on for ever. So writing requests of one plugin and tenant
//! pass side by side, and one that has lost often enough passes alone: nobody can get in between then.

use std::hash::{BuildHasher as _, RandomState};

use stoa_kernel::id::TenantId;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Turnstiles of one plugin. Tenants share them by hash: their number is bounded, tenants are not.
const TURNSTILES: usize = 64;

/// One plugin's turnstiles.
pub struct Turnstiles {
    locks: Vec<RwLock<()>>,
    hasher: RandomState,
}

/// The way through, until dropped.
#[expect(dead_code, reason = "held, not read")]
pub enum Passage<'a> {
    /// Beside others.
    Shared(RwLockReadGuard<'a, ()>),
    /// Alone.
    Alone(RwLockWriteGuard<'a, ()>),
}

impl Default for Turnstiles {
    fn default() -> Self {
        Self {
            locks: (0..TURNSTILES).map(|_| RwLock::new(())).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Turnstiles {
    /// Waits for the way through. Fair: whoever wants to pass alone gets there, and others wait meanwhile.
    pub async fn pass(&self, tenant: &TenantId, alone: bool) -> Option<Passage<'_>> {
        let position = usize::try_from(self.hasher.hash_one(tenant)).unwrap_or(0) % TURNSTILES;
        let lock = self.locks.get(position)?;
        Some(if alone {
            Passage::Alone(lock.write().await)
        } else {
            Passage::Shared(lock.read().await)
        })
    }
}
