//! Instances between two requests, where plugin and operator have agreed to reuse them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stoa_kernel::id::TenantId;
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::revision::Revision;
use crate::state::State;

/// Instances that wait per plugin and tenant: what a tenant's parallel requests need.
const WAITING_PER_TENANT_MAX: usize = 32;

/// Instances that wait per plugin: they hold pool slots that others may need.
const WAITING_MAX: usize = 96;

/// Instances of one version that a run keeps until its end is known: each holds a pool slot, and a run may ask a
/// provider hundreds of times.
const RESTING_PER_VERSION_MAX: usize = 4;

/// How long an instance lives at most: bounds how long anything can linger in it.
const AGE_MAX: Duration = Duration::from_secs(60);

/// How many requests an instance serves at most.
const SERVED_MAX: u32 = 1_000;

/// An instance and its age.
pub struct Living {
    /// Its store.
    pub store: Store<State>,
    /// It.
    pub instance: Instance,
    /// When it was made.
    pub born: Instant,
    /// How many requests it has served.
    pub served: u32,
    /// Bytes of memory when it was made: one that has grown is not kept, because guests never free.
    pub memory_bytes_at_birth: usize,
}

impl Living {
    fn is_fit(&self) -> bool {
        self.served < SERVED_MAX
            && self.born.elapsed() < AGE_MAX
            && self.store.data().limiter.memory_bytes() <= self.memory_bytes_at_birth
    }
}

/// Instances that have served a run whose end is not known yet. They go back to their shelves when it has
/// committed, and end with it otherwise: a run that is repeated gets fresh ones.
#[derive(Default)]
pub struct Resting {
    instances: Mutex<Vec<(Arc<Revision>, Living)>>,
}

impl Resting {
    fn instances(&self) -> MutexGuard<'_, Vec<(Arc<Revision>, Living)>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an instance until the run's end is known, unless there are enough of its version. Those that are kept
    /// serve no other call of the run: a savepoint may lie between.
    pub fn add(&self, revision: Arc<Revision>, living: Living) {
        let mut instances = self.instances();
        let alike = instances
            .iter()
            .filter(|(kept, _)| Arc::ptr_eq(kept, &revision));
        if alike.count() < RESTING_PER_VERSION_MAX {
            instances.push((revision, living));
            return;
        }
        drop(instances);
        drop(living);
    }

    /// How many there are; [`Resting::rollback_to`] returns there.
    pub fn savepoint(&self) -> usize {
        self.instances().len()
    }

    /// What has served since the savepoint ends: what it wrote is undone, and it may remember otherwise.
    pub fn rollback_to(&self, savepoint: usize) {
        let mut instances = self.instances();
        let kept = savepoint.min(instances.len());
        let ended = instances.split_off(kept);
        drop(instances);
        drop(ended);
    }

    /// The run has committed.
    pub fn release(&self, tenant: &TenantId) {
        let instances = std::mem::take(&mut *self.instances());
        for (revision, living) in instances {
            revision.shelf.put(tenant, living);
        }
    }
}

/// Where a revision's instances wait, by tenant: one tenant never gets another's.
#[derive(Default)]
pub struct Shelf {
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    closed: bool,
    by_tenant: HashMap<TenantId, Vec<Living>>,
}

impl Shelf {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance that has served this tenant before.
    pub fn take(&self, tenant: &TenantId) -> Option<Living> {
        // Declared before the lock, so that what ends here ends after it is released.
        let mut unfit = Vec::new();
        let mut waiting = self.waiting();
        let shelf = waiting.by_tenant.get_mut(tenant)?;
        while let Some(living) = shelf.pop() {
            if living.is_fit() {
                return Some(living);
            }
            unfit.push(living);
        }
        waiting.by_tenant.remove(tenant);
        None
    }

    /// Puts an instance back after a request that went well.
    pub fn put(&self, tenant: &TenantId, living: Living) {
        let mut ended = Vec::new();
        let mut waiting = self.waiting();
        if waiting.closed || !living.is_fit() {
            drop(waiting);
            return;
        }
        if waiting.by_tenant.values().map(Vec::len).sum::<usize>() >= WAITING_MAX {
            ended.extend(waiting.by_tenant.extract_if(|other, _| other != tenant));
        }
        let shelf = waiting.by_tenant.entry(tenant.clone()).or_default();
        if shelf.len() < WAITING_PER_TENANT_MAX {
            shelf.push(living);
        }
    }

    /// Lets every instance that waits go; whether there was any. Others need the room.
    pub fn clear(&self) -> bool {
        let ended = std::mem::take(&mut self.waiting().by_tenant);
        ended.values().any(|shelf| !shelf.is_empty())
    }

    /// Lets instances wait again: their version serves again.
    pub fn open(&self) {
        self.waiting().closed = false;
    }

    /// Lets every instance go, now and from now on: their version no longer serves. Instances hold
    /// their revision and the revision holds this shelf, so without this none of them would ever end.
    pub fn close(&self) {
        self.waiting().closed = true;
        self.clear();
    }
}
