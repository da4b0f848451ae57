//! How many bytes of documents and of kept messages a plugin may have in a tenant: guessed upwards at each write, and
//! measured when the guess is too much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::live::histories_of;
use stoa_kernel::plans::STORAGE_BYTES;
use stoa_kernel::store::{StoreError, Stretch};

use crate::Core;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::shares::{DOCUMENT_BYTES, Share};

/// Milliseconds between two measurements of one plugin and tenant: each reads all of its documents.
const MEASURED_EVERY_MS: Millis = 10_000;

/// Bytes that each plugin has written in one run of a request: no measurement sees them before the commit.
#[derive(Debug, Default)]
pub struct Written(Mutex<BTreeMap<Arc<str>, u64>>);

impl Written {
    /// Adds a document of so many bytes, and says what was written before it.
    fn add(&self, plugin: &Arc<str>, bytes: usize) -> u64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = all.entry(Arc::clone(plugin)).or_default();
        let before = *written;
        let more = (bytes as u64).saturating_add(DOCUMENT_BYTES);
        *written = before.saturating_add(more);
        before
    }
}

/// Whether a write of so many bytes still fits into the plugin's share of the tenant.
///
/// # Errors
/// The store's.
pub async fn fits(
    revision: &Arc<Revision>,
    scope: &Scope,
    bytes: usize,
) -> Result<bool, StoreError> {
    let Some(core) = scope.live.core() else {
        return Ok(true);
    };
    let before = scope.written.add(&revision.name, bytes);
    let (tenant, now) = (&scope.request.tenant, core.ports.clock.now());
    let share = revision.record.shares.of(tenant);
    if share.begin_looking() {
        look(&core, revision, tenant, &share);
    }
    let known = match share.bound(now) {
        Some(bytes_max) => bytes_max,
        None => ask(&core, tenant, &share, now).await?,
    };
    if share.write(known, bytes) {
        return Ok(true);
    }
    let mut measured_at = Arc::clone(&share.measured_at).lock_owned().await;
    // Somebody may have measured meanwhile, or have paid for more.
    let bytes_max = ask(&core, tenant, &share, now).await?;
    if share.write(bytes_max, bytes) {
        return Ok(true);
    }
    if measured_at.is_some_and(|at| now.saturating_sub(at) < MEASURED_EVERY_MS) {
        return Ok(false);
    }
    let (revision, tenant) = (Arc::clone(revision), tenant.clone());
    // It takes as long as there is much, and would never end if it ended with who is out of time.
    let measuring = tokio::spawn(async move {
        let stored = measure(&core, &revision, &tenant).await?;
        *measured_at = Some(core.ports.clock.now());
        Ok(share.measured(bytes_max, stored.saturating_add(before), bytes))
    });
    measuring
        .await
        .unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
}

/// How many bytes of documents a plugin may have in a tenant: what the operator lets every plugin have, or less by
/// the tenant's plan. Each plugin by itself, and apart from files: who fills their room with one thing goes on with
/// the others.
async fn ask(
    core: &Core,
    tenant: &TenantId,
    share: &Share,
    now: Millis,
) -> Result<u64, StoreError> {
    let plan = core.ports.people.plans.current(tenant).await?;
    let planned = plan.limit(STORAGE_BYTES).unwrap_or(u64::MAX);
    let bytes_max = planned.min(core.config.shares.stored_bytes_max);
    share.bind(bytes_max, now);
    Ok(bytes_max)
}

/// Sees to it that what a plugin has stored for a tenant becomes known, if one of these versions has it.
pub fn look_at(
    core: &Arc<Core>,
    plugin: &str,
    tenant: &TenantId,
    versions: &BTreeMap<Arc<str>, Arc<Revision>>,
) {
    let Some(revision) = versions.get(plugin) else {
        return;
    };
    let share = revision.record.shares.of(tenant);
    if share.begin_looking() {
        look(core, revision, tenant, &share);
    }
}

/// Looks at what was stored before this process, without letting anybody wait for it.
fn look(core: &Arc<Core>, revision: &Arc<Revision>, tenant: &TenantId, share: &Arc<Share>) {
    let (core, revision, tenant, share) = (
        Arc::clone(core),
        Arc::clone(revision),
        tenant.clone(),
        Arc::clone(share),
    );
    tokio::spawn(async move {
        // One at a time: nobody is in a hurry.
        let _turn = core.looking.acquire().await;
        match measure(&core, &revision, &tenant).await {
            Ok(stored) => share.found(stored),
            Err(error) => {
                tracing::warn!(plugin = ?revision, %tenant, %error, "what is stored could not be measured");
                share.look_again();
            }
        }
    });
}

/// What is stored, counted no further than is too much.
async fn measure(core: &Core, revision: &Revision, tenant: &TenantId) -> Result<u64, StoreError> {
    let collections = revision.collections.values().map(|info| Stretch {
        collection: info.name.clone(),
        prefix: String::new(),
    });
    let histories = histories_of(&revision.name);
    let stretches: Vec<Stretch> = collections.chain(histories).collect();
    let enough = core.config.shares.stored_bytes_max;
    let extent = core.ports.store.extent(tenant, &stretches, enough).await?;
    let beside = extent.documents.saturating_mul(DOCUMENT_BYTES);
    Ok(extent.bytes.saturating_add(beside))
}
