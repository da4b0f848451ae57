//! What the guests of one request share: its unit of work, its inputs, its time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use stoa_kernel::blob::Blobs;
use stoa_kernel::call::Request;
use stoa_kernel::clock::Clock;
use stoa_kernel::directory::Directory;
use stoa_kernel::limits::{
    GUEST_BYTES_PER_REQUEST_MAX, LETTERS_PER_REQUEST_MAX, LOG_BYTES_PER_REQUEST_MAX,
};
use stoa_kernel::live;
use stoa_kernel::outbound::Outbound;
use stoa_kernel::plans::Plans;
use stoa_kernel::random::{Random, ulid};
use stoa_kernel::store::{Store, UnitOfWork};

use crate::Core;
use crate::cache::{CacheChanges, PluginCache};
use crate::fault::{Ended, Fault};
use crate::migration::{self, Held, Kept};
use crate::outside::Outside;
use crate::pushes::Pushes;
use crate::registry::Live;
use crate::reuse::Resting;
use crate::revision::Revision;
use crate::slow_lane::Pace;
use crate::storing::Written;

/// What the runtime needs from the rest of the host.
#[derive(Clone)]
pub struct Ports {
    /// Where documents live.
    pub store: Arc<dyn Store>,
    /// Files.
    pub blobs: Arc<dyn Blobs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Services elsewhere.
    pub outbound: Arc<dyn Outbound>,
    /// Those who listen at this moment.
    pub live: Arc<dyn live::Live>,
    /// People.
    pub people: People,
}

/// What plugins may know of a tenant's people and do for them.
#[derive(Clone)]
pub struct People {
    /// Who they are.
    pub directory: Arc<dyn Directory>,
    /// What their tenant pays for.
    pub plans: Arc<dyn Plans>,
    /// Letters that the plugins of one tenant may send in a day (UTC).
    pub letters_per_tenant_daily_max: u32,
}

/// One run of a request. All inputs of its guests come from here; a request that runs again gets a
/// new scope with the same `request` and `outside`.
pub struct Scope {
    /// What was asked.
    pub request: Arc<Request>,
    /// What it reads and writes.
    pub unit: Arc<dyn UnitOfWork>,
    /// The versions that serve it, to its end.
    pub live: Arc<Live>,
    /// What the outside world tells it.
    pub outside: Arc<Outside>,
    /// What it changes in plugins' caches once it has committed.
    pub cache_changes: CacheChanges,
    /// The caches.
    pub cache: Arc<PluginCache>,
    /// What those who listen hear once it has committed.
    pub pushes: Pushes,
    /// What its guests may still use, all together.
    pub budget: Budget,
    /// What its guests have written.
    pub written: Written,
    /// Instances that have served it.
    pub resting: Resting,
    /// Keeps the data of the plugins that it came to in the shape that they found, until what they did is committed.
    pub entered: Mutex<BTreeMap<Arc<str>, Option<Arc<Held>>>>,
    /// The host's clock and randomness.
    pub ports: Ports,
    /// When it must have ended.
    pub deadline: Instant,
    /// The pace of the plugin that it came to first, which answers for those that this one calls.
    pub pace: Arc<Pace>,
    /// Whether this run was given up.
    pub begins_again: AtomicBool,
    /// How many runs were given up or lost before this one.
    pub attempt: u32,
}

impl Scope {
    /// Gives this run up for another one in which nothing is presumed, before something happens that can't be taken
    /// back. Nothing becomes of this run, whatever its guests go on to say.
    pub fn begin_again(&self) -> Ended {
        self.begins_again.store(true, Ordering::Relaxed);
        Ended(Fault::Busy("its run begins again"))
    }

    /// Lets a plugin that another one calls begin, see [`migration::enter`].
    pub async fn enter(&self, core: &Arc<Core>, revision: &Arc<Revision>) -> Result<(), Kept> {
        let entered = || self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever is in already would wait for itself.
        if entered().contains_key(&revision.name) {
            return Ok(());
        }
        let tenant = &self.request.tenant;
        let held = migration::enter(core, &self.live, revision, tenant, self.deadline).await?;
        entered().insert(Arc::clone(&revision.name), held.map(Arc::new));
        Ok(())
    }

    /// Keeps the data of a plugin in its shape.
    pub fn hold(&self, plugin: &Arc<str>, held: Option<Arc<Held>>) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered.insert(Arc::clone(plugin), held);
    }

    /// What it did is committed, or is not to be.
    pub fn leave(&self) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered.clear();
    }

    /// Whether this run was given up.
    pub fn is_to_begin_again(&self) -> bool {
        self.begins_again.load(Ordering::Relaxed)
    }

    /// What the request is for: the same for every repetition that means the same, and for nothing else.
    pub fn cause(&self) -> String {
        match (&self.request.cause, &self.request.idempotency) {
            (Some(cause), _) => cause.id.clone(),
            (None, Some(key)) => key.id.clone(),
            (None, None) => self
                .outside
                .nonce(|| ulid(self.ports.clock.now(), &*self.ports.random)),
        }
    }
}

/// What all guests of one run share: a plugin gets no more by calling others.
#[derive(Debug)]
pub struct Budget {
    guest_bytes_left: AtomicU64,
    log_bytes_left: AtomicU64,
    letters_left: AtomicU32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            guest_bytes_left: AtomicU64::new(GUEST_BYTES_PER_REQUEST_MAX),
            log_bytes_left: AtomicU64::new(LOG_BYTES_PER_REQUEST_MAX as u64),
            letters_left: AtomicU32::new(LETTERS_PER_REQUEST_MAX),
        }
    }
}

impl Budget {
    /// Uses up bytes that pass between guest and host; false, and nothing is used, when there are too few.
    pub fn take_guest_bytes(&self, bytes: usize) -> bool {
        let take = |left: u64| left.checked_sub(bytes as u64);
        self.guest_bytes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    /// Whether less than half of the bytes are left that may pass between guests and host.
    pub fn is_short_of_bytes(&self) -> bool {
        self.guest_bytes_left.load(Ordering::Relaxed) < GUEST_BYTES_PER_REQUEST_MAX / 2
    }

    /// Uses up one letter; false when there is none left.
    pub fn take_letter(&self) -> bool {
        take_one(&self.letters_left)
    }

    /// Whether any log text was written.
    pub fn has_logged(&self) -> bool {
        self.log_bytes_left.load(Ordering::Relaxed) < LOG_BYTES_PER_REQUEST_MAX as u64
    }

    /// How many of these bytes of log text may still be written; they are then used up.
    pub fn take_log_bytes(&self, wanted: usize) -> usize {
        let take = |left: u64| Some(left.saturating_sub(wanted as u64));
        let before = self
            .log_bytes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        wanted.min(usize::try_from(before.unwrap_or(0)).unwrap_or(usize::MAX))
    }
}

fn take_one(left: &AtomicU32) -> bool {
    let take = |left: u32| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_is_gone_for_everybody() {
        let budget = Budget::default();
        assert_eq!(
            budget.take_log_bytes(LOG_BYTES_PER_REQUEST_MAX - 10),
            LOG_BYTES_PER_REQUEST_MAX - 10
        );
        assert_eq!(budget.take_log_bytes(25), 10);
        assert_eq!(budget.take_log_bytes(1), 0);
        assert!(!budget.take_guest_bytes(GUEST_BYTES_PER_REQUEST_MAX as usize + 1));
        assert!(!budget.is_short_of_bytes());
        assert!(budget.take_guest_bytes(GUEST_BYTES_PER_REQUEST_MAX as usize));
        assert!(!budget.take_guest_bytes(1));
        assert!(budget.is_short_of_bytes());
        let letters = (0..=LETTERS_PER_REQUEST_MAX).filter(|_| budget.take_letter());
        assert_eq!(letters.count(), LETTERS_PER_REQUEST_MAX as usize);
    }
}
