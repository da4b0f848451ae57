//! What a request's answer rests on, kept to find out whether the answer would be the same again.

use std::sync::Arc;

use stoa_kernel::store::Basis;

use super::state::Reads;
use crate::shared::Shared;
use crate::table::Key;

/// Revisions of documents and generations of collections. Both grow with every commit that touches them, and a
/// commit is acknowledged only after they have: what holds is what every later reader would see.
pub(super) struct ReadSet {
    pub(super) shared: Arc<Shared>,
    pub(super) reads: Reads,
}

impl Basis for ReadSet {
    fn holds(&self) -> bool {
        let Reads {
            documents,
            collections,
            ends_at,
        } = &self.reads;
        if ends_at.is_some_and(|ends_at| ends_at <= self.shared.now()) {
            return false;
        }
        let is_same = |(key, revision): &(Key, Option<i64>)| {
            let known = self.shared.documents.get(key);
            known.is_some_and(|known| known.as_ref().map(|row| row.revision) == *revision)
        };
        collections
            .iter()
            .all(|(table, generation)| table.generation() == *generation)
            && documents.iter().all(is_same)
    }

    fn bytes(&self) -> usize {
        let Reads {
            documents,
            collections,
            ..
        } = &self.reads;
        let ids: usize = documents.iter().map(|(key, _)| key.id.len()).sum();
        size_of_val(documents.as_slice()) + size_of_val(collections.as_slice()) + ids
    }
}
