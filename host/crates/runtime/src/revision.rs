//! One version of one plugin, compiled, linked and ready to be instantiated.

use std::collections::HashMap;
use std::sync::Arc;

use stoa_kernel::limits::CallLimits;
use stoa_wit::{Package, Reuse};
use tokio::sync::Semaphore;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::bindings::exports::stoa::events::subscriber::GuestIndices as SubscriberIndices;
use crate::bindings::exports::stoa::http::handler::GuestIndices as HandlerIndices;
use crate::bindings::exports::stoa::lifecycle::lifecycle::GuestIndices as LifecycleIndices;
use crate::bindings::exports::stoa::lifecycle::personal_data::GuestIndices as PersonalDataIndices;
use crate::bindings::exports::stoa::schedule::scheduled::GuestIndices as ScheduledIndices;
use crate::breaker::Breaker;
use crate::grants::Grants;
use crate::meter::Meter;
use crate::records::Record;
use crate::reuse::Shelf;
use crate::services::Services;
use crate::settings::Settings;
use crate::slow_lane::Pace;
use crate::state::State;
use crate::turnstile::Turnstiles;

/// A function that a plugin provides for others.
pub struct Provided {
    /// Where it is in the component.
    pub index: ComponentExportIndex,
    /// Its parameters and results.
    pub ty: ComponentFunc,
}

/// Requests that one plugin sends to services elsewhere at the same time; more wait within their own time.
pub const OUTBOUND_CONCURRENCY_MAX: usize = 64;

/// One version of one plugin.
pub struct Revision {
    /// The plugin's name.
    pub name: Arc<str>,
    /// SHA-256 of its file without signatures, in hex.
    pub digest: String,
    /// What it says of itself.
    pub package: Arc<Package>,
    /// What one call of it may use.
    pub limits: CallLimits,
    /// How its instances live, after the operator's word.
    pub reuse: Reuse,
    /// Its code, in memory once for all versions that share it.
    #[expect(dead_code, reason = "held, not read")]
    pub component: Arc<Component>,
    /// Compiled and linked.
    pub pre: InstancePre<State>,
    /// Its request handler, if it exports one.
    pub handler: Option<HandlerIndices>,
    /// Its say in its own activation, if it exports one.
    pub lifecycle: Option<LifecycleIndices>,
    /// What it tells of people, if its manifest says that it keeps anything.
    pub personal_data: Option<PersonalDataIndices>,
    /// What handles events, if it exports that.
    pub subscriber: Option<SubscriberIndices>,
    /// What takes turns, if it exports that.
    pub scheduled: Option<ScheduledIndices>,
    /// Its functions for other plugins, by interface and name.
    pub provided: HashMap<String, HashMap<String, Provided>>,
    /// What it may do.
    pub grants: Grants,
    /// What is set for it.
    pub settings: Settings,
    /// What it reaches outside, and the secrets that the operator keeps for it.
    pub services: Services,
    /// Requests to services elsewhere at the same time.
    pub outbound_slots: Semaphore,
    /// Its collections by name, ready for the store.
    pub collections: HashMap<String, CollectionInfo>,
    /// Calls at the same time.
    pub slots: Arc<Semaphore>,
    /// Where its writing requests pass, and those alone that met too many conflicts.
    pub turnstiles: Turnstiles,
    /// Whether data may be lost on its way to the shape that this version knows.
    pub accepts_loss: bool,
    /// Keeps it from tenants in which it fails over and over.
    pub breaker: Arc<Breaker>,
    /// What is kept by its name.
    pub record: Arc<Record>,
    /// Its figures.
    pub meter: Meter,
    /// Whether it computes much.
    pub pace: Arc<Pace>,
    /// Instances that wait for their tenant's next request.
    pub shelf: Shelf,
}

/// What storage calls need to know of a collection.
#[derive(Debug, Clone)]
pub struct CollectionInfo {
    /// Its name for the store.
    pub name: stoa_kernel::id::CollectionName,
    /// How long a written document lives, in milliseconds; none means for ever.
    pub expiry_ms: Option<u64>,
}

impl std::fmt::Debug for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} ({})",
            self.name,
            self.package.manifest.version,
            self.digest.get(..8).unwrap_or_default()
        )
    }
}
