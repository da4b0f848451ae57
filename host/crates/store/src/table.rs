//! What the store knows of one collection of one tenant.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use stoa_kernel::query::Path;
use surrealdb::types::{RecordId, Value};
use tokio::sync::OnceCell;

use crate::sizes::Largest;

/// Lists of fields whose values no two documents share.
pub(crate) type Unique = Arc<[Vec<Path>]>;

/// A collection's table. There is one per process and table, so that its counters are everybody's.
#[derive(Debug)]
pub(crate) struct Table {
    /// Tells tables of all tenants apart.
    pub(crate) uid: u64,
    /// Its name in the tenant's database.
    pub(crate) name: String,
    /// How large its documents get.
    pub(crate) largest: Largest,
    unique: RwLock<Unique>,
    generation: AtomicU64,
    expiring: AtomicBool,
    /// Set once the database was asked whether any of its rows expires.
    pub(crate) probed: OnceCell<()>,
}

impl Table {
    pub(crate) fn new(uid: u64, name: String, unique: Unique, largest: Option<usize>) -> Self {
        Self {
            uid,
            name,
            largest: Largest::new(largest),
            unique: RwLock::new(unique),
            generation: AtomicU64::new(0),
            expiring: AtomicBool::new(false),
            probed: OnceCell::new(),
        }
    }

    /// Its unique fields.
    pub(crate) fn unique(&self) -> Unique {
        Arc::clone(&self.unique.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the unique fields of a newer declaration.
    pub(crate) fn set_unique(&self, unique: Unique) {
        *self.unique.write().unwrap_or_else(PoisonError::into_inner) = unique;
    }

    /// Grows with each commit that wrote to it: what was read of it earlier may be outdated.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Says that a commit wrote to it.
    pub(crate) fn advance(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether documents of it may expire, so that time alone changes what a query answers.
    pub(crate) fn may_expire(&self) -> bool {
        self.expiring.load(Ordering::Acquire)
    }

    /// Says that documents of it may expire.
    pub(crate) fn set_expiring(&self) {
        self.expiring.store(true, Ordering::Release);
    }
}

/// One document's place.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) table: Arc<Table>,
    pub(crate) id: Arc<str>,
}

impl Key {
    /// Its record id, to be bound.
    pub(crate) fn record(&self) -> Value {
        Value::RecordId(RecordId::new(self.table.name.as_str(), &*self.id))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.table.uid == other.table.uid && self.id == other.id
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.table.uid.hash(state);
        self.id.hash(state);
    }
}
