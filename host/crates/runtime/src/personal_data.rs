//! What plugins keep about people, for people to take along.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Map, Value};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::personal_data::PersonalData;

use crate::bindings::exports::stoa::lifecycle::personal_data::GuestIndices;
use crate::fault::Fault;
use crate::registry::Live;
use crate::revision::Revision;
use crate::transaction::{host_request, host_scope};
use crate::{Core, Runtime, call, migration};

/// Bytes of what all plugins keep about somebody, together: what fits into one answer, and more than people leave.
const EXPORT_BYTES_MAX: usize = 16 << 20;

/// Seconds after which somebody should ask again.
const RETRY_AFTER_S: u32 = 5;

#[async_trait]
impl PersonalData for Runtime {
    async fn export(
        &self,
        account: &str,
        tenants: &[TenantId],
    ) -> Result<Map<String, Value>, Problem> {
        let core = &self.core;
        let (mut all, mut bytes) = (BTreeMap::new(), 0_usize);
        for tenant in tenants {
            let live = self.live_for(tenant);
            for revision in live.plugins().values() {
                let Some(indices) = &revision.personal_data else {
                    continue;
                };
                let text = ask(core, &live, revision, indices, tenant, account).await?;
                bytes = bytes.saturating_add(text.len());
                if bytes > EXPORT_BYTES_MAX {
                    return Err(failed(revision, "an export beyond all bounds"));
                }
                let part: Map<String, Value> = serde_json::from_str(&text)
                    .map_err(|error| failed(revision, &format!("no JSON object: {error}")))?;
                if !part.is_empty() {
                    let kept: &mut Map<String, Value> =
                        all.entry(revision.name.to_string()).or_default();
                    kept.insert(tenant.to_string(), part.into());
                }
            }
        }
        let all = all.into_iter();
        Ok(all.map(|(plugin, kept)| (plugin, kept.into())).collect())
    }
}

/// Asks one plugin about one tenant, in a unit of its own that is never committed.
async fn ask(
    core: &Arc<Core>,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    indices: &GuestIndices,
    tenant: &TenantId,
    account: &str,
) -> Result<String, Problem> {
    let fault = |fault: Fault| failed(revision, &fault.to_string());
    let entered = core.tenants.enter(tenant);
    let _tenant = entered.ok_or_else(|| failed(revision, "the tenant has too many requests"))?;
    let request = host_request(tenant, format!("export-{}", revision.name), None);
    let place = call::place(core, revision, &request).await;
    let _place = place.map_err(fault)?;
    let deadline = Instant::now() + Duration::from_millis(revision.limits.wall_ms_max);
    let entered = migration::enter(core, live, revision, tenant, deadline).await;
    let _entered = entered.map_err(|kept| failed(revision, &kept.to_string()))?;
    let scope = host_scope(core, live, revision, tenant, "export").await;
    let scope = scope.map_err(|error| failed(revision, &error.to_string()))?;
    let export = call::Export {
        interface: "stoa:lifecycle/personal-data",
        function: "export",
    };
    let told = call::run(revision, &scope, export, async |living| {
        let guest = indices.load(&mut living.store, &living.instance)?;
        guest.call_export(&mut living.store, account).await
    });
    let told = told.await.map_err(fault)?;
    let text = told.map_err(|reason| failed(revision, &reason))?;
    if text.len() as u64 > revision.limits.response_bytes_max {
        return Err(failed(revision, "more than its response_bytes_max"));
    }
    Ok(text)
}

/// The person is told to come back: a part of their data would look like all of it.
fn failed(revision: &Revision, reason: &str) -> Problem {
    let reason = format!("plugin {} can't export: {reason}", revision.name);
    Problem::unavailable(RETRY_AFTER_S, reason)
}
