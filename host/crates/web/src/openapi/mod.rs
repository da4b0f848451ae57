//! The API document (OpenAPI 3.1) of the host and of every plugin that is loaded.

mod document;
mod operation;
mod schemas;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use stoa_kernel::plugins::Snapshot;

use crate::edge::Shared;

/// Documents that are kept: the deployment's, and those of tenants with versions of their own who looked last. Each takes
/// a few hundred KiB.
const DOCUMENTS_MAX: usize = 16;

/// The documents of the snapshots that were asked for last, the latest at the end.
#[derive(Default)]
pub(crate) struct Cache(Mutex<VecDeque<Cached>>);

/// The weak pointer keeps the snapshot's address from being used again, but not its plugins alive.
struct Cached {
    snapshot: Weak<dyn Snapshot>,
    document: Bytes,
}

impl Cache {
    /// The snapshot's document as JSON.
    pub(crate) fn of(&self, snapshot: &Arc<dyn Snapshot>, shared: &Shared) -> Bytes {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |known: &Cached| std::ptr::addr_eq(known.snapshot.as_ptr(), Arc::as_ptr(snapshot));
        let place = cached.iter().position(is_it);
        if let Some(known) = place.and_then(|place| cached.remove(place)) {
            let document = known.document.clone();
            cached.push_back(known);
            return document;
        }
        // Services win, here as they do when requests come.
        let of_services = shared.ports.services.iter();
        let mut packages = snapshot.packages();
        packages.extend(of_services.map(|service| Arc::clone(service.package())));
        let document = document::build(&packages, &shared.config);
        let document = Bytes::from(document.to_string());
        // Sets that serve no more are asked for no more.
        cached.retain(|known| known.snapshot.strong_count() > 0);
        if cached.len() >= DOCUMENTS_MAX {
            cached.pop_front();
        }
        cached.push_back(Cached {
            snapshot: Arc::downgrade(snapshot),
            document: document.clone(),
        });
        document
    }
}
