//! What plugins use, by tenant.

use std::collections::BTreeMap;

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::{self, Usage};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::wire::json;
use utoipa::ToSchema;

use super::{observed, readable, who};
use crate::registry::Registry;

/// Which tenants are wanted.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct UsageQuery {
    /// An operator's: this tenant alone.
    tenant: Option<String>,
    /// Tenants of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Tenants to skip, 10,000 at most.
    offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    cursor: Option<String>,
}

/// What a plugin has used for one tenant on this host since the host started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    tenant: String,
    /// Calls of any kind.
    calls: u64,
    /// Calls that ended in a fault or could not begin, by kind: `trap`, `timeout`, `limit`, `denied`, `busy`, `share`,
    /// `quarantined`, `no-provider`, `invalid-output`, `store`.
    #[schema(value_type = BTreeMap<String, u64>)]
    faults: BTreeMap<&'static str, u64>,
    /// Those that count against the plugin: it trapped, took too long or used up a limit.
    own_faults: u64,
    /// Microseconds of computing.
    cpu_us: u64,
    /// The most bytes of memory of one of its instances.
    memory_peak_bytes: u64,
    /// Microseconds within which half of its calls ended, a quarter too many at most.
    p50_us: Option<u64>,
    /// The same of 99 in 100.
    p99_us: Option<u64>,
    /// Events raised.
    events: u64,
    /// Requests to services elsewhere.
    outbound: u64,
    /// Bytes of its documents, rather too many; absent until they have been measured, which this question begins.
    stored_bytes: Option<u64>,
}

impl From<(TenantId, Usage)> for UsageView {
    fn from((tenant, usage): (TenantId, Usage)) -> Self {
        Self {
            tenant: tenant.to_string(),
            calls: usage.used.calls,
            faults: usage.faults,
            own_faults: usage.used.faults,
            cpu_us: usage.used.cpu_us,
            memory_peak_bytes: usage.memory_peak_bytes,
            p50_us: usage.p50_us,
            p99_us: usage.p99_us,
            events: usage.used.events,
            outbound: usage.used.outbound,
            stored_bytes: usage.stored_bytes,
        }
    }
}

/// `GET /api/platform/plugins/{name}/usage`
pub async fn show(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = observed(registry, &unit, &who, request).await?;
    let query = asked_in(&request.query, Vec::new())?;
    let page = registry.deployer.usage(
        &name,
        &deployment::UsageQuery {
            tenant: readable(&who, request)?,
            after: query.cursor.clone(),
            offset: query.offset as usize,
            limit: query.limit as usize,
        },
    );
    let items: Vec<UsageView> = page.items.into_iter().map(UsageView::from).collect();
    let last = items.last().filter(|_| page.more);
    let cursor = last.map(|last| last.tenant.clone());
    json(200, &Page::new(&query, items, page.total, cursor))
}
