//! Giving back the room of bytes that no document tells of.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::GET_MANY_MAX;
use stoa_kernel::random::ulid_time;
use stoa_kernel::store::{CommitError, StoreError};

use crate::blobs::BlobStore;
use crate::storage::StorageError;

/// Age of bytes that may be taken for nobody's, in milliseconds: a day, many times as long as any upload or request
/// takes between writing bytes and committing their document.
pub const ORPHAN_MS_MIN: Millis = 86_400_000;

/// Removed blobs that are looked at together.
const BATCH: u32 = 200;

/// Why a sweep ended early. The next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The documents can't be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Or changed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The bytes can't be reached.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl BlobStore {
    /// Removes the bytes of removed blobs, and bytes older than [`ORPHAN_MS_MIN`] that no document has ever told of;
    /// how many objects. Those of tenants whom the database does not know stay: it may be the wrong database.
    ///
    /// # Errors
    /// Every [`SweepError`].
    pub async fn sweep(&self) -> Result<u64, SweepError> {
        let tenants: BTreeSet<TenantId> = self.ports.store.tenants().await?.into_iter().collect();
        let mut gone = 0;
        for tenant in &tenants {
            match self.sweep_removed(tenant).await {
                Ok(removed) => gone += removed,
                // One tenant's trouble is not to keep the others' bytes.
                Err(error) => {
                    tracing::warn!(%tenant, %error, "removed files keep their room until the next sweep");
                }
            }
        }
        let before = self.ports.clock.now().saturating_sub(ORPHAN_MS_MIN);
        gone += self.storage.remove_leftovers(before).await?;
        Ok(gone + self.sweep_orphans(&tenants, before).await?)
    }

    /// Bytes first: as long as the note is there, somebody will look again.
    async fn sweep_removed(&self, tenant: &TenantId) -> Result<u64, SweepError> {
        let mut gone = 0;
        loop {
            let unit = self.ports.store.begin(tenant).await?;
            let ids = self.catalog.removed(&*unit, BATCH).await?;
            for id in &ids {
                self.storage.delete(tenant, id).await?;
                self.catalog.forget(&*unit, id).await?;
            }
            match unit.commit().await {
                Ok(()) => gone += ids.len() as u64,
                // Another host sweeps, too.
                Err(CommitError::Conflict) => return Ok(gone),
                Err(error) => return Err(error.into()),
            }
            if ids.len() < BATCH as usize {
                return Ok(gone);
            }
        }
    }

    async fn sweep_orphans(
        &self,
        tenants: &BTreeSet<TenantId>,
        before: Millis,
    ) -> Result<u64, SweepError> {
        let mut gone = 0;
        let mut old: BTreeMap<TenantId, Vec<String>> = BTreeMap::new();
        let mut listed = self.storage.list();
        while let Some((tenant, id)) = listed.try_next().await? {
            let is_old = ulid_time(&id).is_some_and(|begun| begun < before);
            if !is_old || !tenants.contains(&tenant) {
                continue;
            }
            let ids = old.entry(tenant.clone()).or_default();
            ids.push(id);
            if ids.len() >= GET_MANY_MAX {
                let ids = std::mem::take(ids);
                gone += self.remove_orphans(&tenant, ids).await?;
            }
        }
        for (tenant, ids) in old {
            gone += self.remove_orphans(&tenant, ids).await?;
        }
        Ok(gone)
    }

    async fn remove_orphans(&self, tenant: &TenantId, ids: Vec<String>) -> Result<u64, SweepError> {
        let unit = self.ports.store.begin(tenant).await?;
        let known = self.catalog.known(&*unit, &ids).await?;
        let mut gone = 0;
        for id in ids.iter().filter(|id| !known.contains(id)) {
            self.storage.delete(tenant, id).await?;
            gone += 1;
        }
        Ok(gone)
    }
}
