//! The API document (OpenAPI 3.1) of the host and of every plugin that is loaded.

mod document;
mod operation;
mod schemas;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use stoa_kernel::plugins::Snapshot;

use crate::edge::Shared;

/// The document of the snapshot that was asked for last.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<Cached>>);

/// The weak pointer keeps the snapshot's address from being used again, but not its plugins alive.
struct Cached {
    snapshot: Weak<dyn Snapshot>,
    document: Bytes,
}

impl Cache {
    /// The snapshot's document as JSON.
    pub(crate) fn of(&self, snapshot: &Arc<dyn Snapshot>, shared: &Shared) -> Bytes {
        let mut cached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*cached
            && std::ptr::addr_eq(known.snapshot.as_ptr(), Arc::as_ptr(snapshot))
        {
            return known.document.clone();
        }
        // Services win, here as they do when requests come.
        let of_services = shared.ports.services.iter();
        let mut packages = snapshot.packages();
        packages.extend(of_services.map(|service| Arc::clone(service.package())));
        let document = document::build(&packages, &shared.config);
        let document = Bytes::from(document.to_string());
        *cached = Some(Cached {
            snapshot: Arc::downgrade(snapshot),
            document: document.clone(),
        });
        document
    }
}
