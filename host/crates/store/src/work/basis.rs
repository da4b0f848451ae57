//! What a request's answer rests on, kept to find out whether the answer would be the same again.

use std::sync::Arc;

use stoa_kernel::store::Basis;

use crate::shared::Shared;
use crate::table::{Key, Table};

/// Revisions of documents and generations of collections. Both grow with every commit that touches them, and a
/// commit is acknowledged only after they have: what holds is what every later reader would see.
pub(super) struct ReadSet {
    pub(super) shared: Arc<Shared>,
    pub(super) documents: Vec<(Key, Option<i64>)>,
    pub(super) collections: Vec<(Arc<Table>, u64)>,
}

impl Basis for ReadSet {
    fn holds(&self) -> bool {
        let is_same = |(key, revision): &(Key, Option<i64>)| {
            let known = self.shared.documents.get(key);
            known.is_some_and(|known| known.as_ref().map(|row| row.revision) == *revision)
        };
        self.collections
            .iter()
            .all(|(table, generation)| table.generation() == *generation)
            && self.documents.iter().all(is_same)
    }
}
