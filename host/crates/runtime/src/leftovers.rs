//! Bytes of files that the runs of a request have written, and that nobody will hear of unless the run commits that
//! wrote them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stoa_kernel::blob::Blobs;
use stoa_kernel::id::TenantId;
use tokio::runtime::Handle;

/// Ids of what all runs of one request have written. When nobody needs them any more, the room of what is left over is
/// given back: however the request has ended, also when its client went away.
#[derive(Default)]
pub struct Files(Mutex<Ids>);

#[derive(Default)]
struct Ids {
    /// Of the run that goes on.
    current: Vec<String>,
    /// Of what is undone.
    undone: BTreeSet<String>,
    /// Whether the run has committed, or may have.
    is_committed: bool,
    /// Where the bytes are, once there are any.
    home: Option<(Arc<dyn Blobs>, TenantId)>,
}

impl Files {
    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run is about to write it.
    pub fn write(&self, id: &str, blobs: &Arc<dyn Blobs>, tenant: &TenantId) {
        let mut ids = self.ids();
        ids.current.push(id.to_owned());
        ids.home
            .get_or_insert_with(|| (Arc::clone(blobs), tenant.clone()));
    }

    /// How many the run has written; [`Files::rollback_to`] returns there.
    pub fn savepoint(&self) -> usize {
        self.ids().current.len()
    }

    /// What the run has written since the savepoint is undone.
    pub fn rollback_to(&self, savepoint: usize) {
        self.ids().rollback_to(savepoint);
    }

    /// The run begins to commit. What it has written stays, unless it is rewound after all.
    pub fn commit(&self) {
        self.ids().is_committed = true;
    }

    /// Nothing comes of the run.
    pub fn rewind(&self) {
        let mut ids = self.ids();
        ids.is_committed = false;
        ids.rollback_to(0);
    }
}

impl Ids {
    fn rollback_to(&mut self, savepoint: usize) {
        let kept = savepoint.min(self.current.len());
        let undone = self.current.split_off(kept);
        self.undone.extend(undone);
    }

    /// Those that nobody will hear of.
    fn leftovers(&mut self) -> BTreeSet<String> {
        if !self.is_committed {
            self.rollback_to(0);
        }
        let mut left = std::mem::take(&mut self.undone);
        // A second run writes under the ids of the first.
        left.retain(|id| !self.current.contains(id));
        left
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let ids = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some((blobs, tenant)) = ids.home.take() else {
            return;
        };
        let left = ids.leftovers();
        // Without a runtime the host has ended, and the sweep of its next life finds them.
        let Some(runtime) = Handle::try_current().ok().filter(|_| !left.is_empty()) else {
            return;
        };
        runtime.spawn(async move {
            for id in left {
                blobs.discard(&tenant, &id).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrote(ids: &mut Ids, all: &[&str]) {
        ids.current.extend(all.iter().map(ToString::to_string));
    }

    #[test]
    fn what_no_run_committed_is_left_over() {
        let files = Files::default();
        wrote(&mut files.ids(), &["a"]);
        files.rewind();
        wrote(&mut files.ids(), &["b"]);
        let left: Vec<_> = files.ids().leftovers().into_iter().collect();
        assert_eq!(left, ["a", "b"]);
    }

    #[test]
    fn what_the_committed_run_wrote_stays_and_what_is_undone_does_not() {
        let files = Files::default();
        wrote(&mut files.ids(), &["a", "b"]);
        files.commit();
        files.rewind();
        wrote(&mut files.ids(), &["a", "c"]);
        let savepoint = files.savepoint();
        wrote(&mut files.ids(), &["d"]);
        files.rollback_to(savepoint);
        files.commit();
        let left: Vec<_> = files.ids().leftovers().into_iter().collect();
        assert_eq!(left, ["b", "d"]);
    }
}
