//! Bytes of files that the runs of a request have written, and that nobody will hear of unless it commits.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use stoa_kernel::blob::Blobs;
use stoa_kernel::id::TenantId;

/// Ids of what all runs of one request have written.
#[derive(Debug, Default)]
pub struct Files(Mutex<BTreeSet<String>>);

impl Files {
    fn ids(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A run has written it.
    pub fn wrote(&self, id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ids.insert(id.to_owned());
    }

    /// The request has committed, or may have.
    pub fn stay(&self) {
        let _ = self.ids();
    }

    /// The request won't commit: gives back their room, beside whatever comes next.
    pub fn discard(&self, blobs: &Arc<dyn Blobs>, tenant: &TenantId) {
        let ids = self.ids();
        if ids.is_empty() {
            return;
        }
        let (blobs, tenant) = (Arc::clone(blobs), tenant.clone());
        tokio::spawn(async move {
            for id in ids {
                blobs.discard(&tenant, &id).await;
            }
        });
    }
}
