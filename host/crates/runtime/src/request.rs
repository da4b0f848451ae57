//! A client's request through the plugins: its place, its transaction, and the answer that may be told again.

use std::sync::Arc;

use stoa_kernel::answer::{IdempotencyKey, StoredAnswer, in_flight};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::trace;
use tracing::Span;

use crate::Core;
use crate::answers::Place;
use crate::call;
use crate::fault::Fault;
use crate::registry::Live;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::transaction::{Failure, Verdict, Way, store_problem, until_committed};

/// What answers a request.
pub struct Target<'a> {
    /// The plugin.
    pub revision: &'a Arc<Revision>,
    /// Its handler.
    pub handler: &'a str,
    /// How its runs pass each other.
    pub way: Way,
    /// Under which key its answers are remembered, if they are.
    pub remembered: Option<usize>,
}

/// The answer that the handler would give, if it is known: it takes neither a guest nor a place.
pub fn remembered(
    core: &Core,
    live: &Live,
    target: &Target<'_>,
    request: &Request,
) -> Option<Response> {
    let place = place(core, live, target.remembered?);
    let now = core.ports.clock.now();
    let response = core.answers.find(place, request, &core.cache, now)?;
    note_version(target.revision);
    target.revision.meter.remembered();
    Some(response)
}

fn note_version(revision: &Revision) {
    if trace::is_on() {
        let version = &*revision.package.manifest.version;
        Span::current().record("stoa.plugin.version", version);
    }
}

/// Runs a request to its end.
///
/// # Errors
/// See [`stoa_kernel::plugins::Snapshot::handle`].
pub async fn run(
    core: &Arc<Core>,
    live: &Arc<Live>,
    target: Target<'_>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = target.revision;
    note_version(revision);
    let fault = |fault: Fault| fault.into_problem(&revision.name);
    let _tenant = core
        .tenants
        .enter(&request.tenant)
        .ok_or_else(|| fault(Fault::Busy("the tenant has too many requests")))?;
    let _place = call::place(core, revision, &request).await.map_err(fault)?;

    let Some(key) = request.idempotency.clone() else {
        return answer(core, live, &target, request).await;
    };
    let _running = core.in_flight.begin(&request.tenant, &key)?;
    if let Some(answer) = stored(core, &request.tenant, &key).await? {
        return Ok(answer);
    }
    answer(core, live, &target, request).await
}

fn place(core: &Core, live: &Live, route: usize) -> Place {
    Place {
        set: live.number,
        route,
        set_since: core.settings(),
    }
}

async fn answer(
    core: &Arc<Core>,
    live: &Arc<Live>,
    target: &Target<'_>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = target.revision;
    let request = Arc::new(request);
    let act = |scope: Arc<Scope>| async move {
        let answered = call::handle(revision, &scope, target.handler).await?;
        let response = answered.map_err(Failure::Refused)?;
        if response.status >= 400 {
            return Ok(Verdict::Discard(response));
        }
        if let Some(key) = &scope.request.idempotency {
            keep(core, &scope, key, &response).map_err(Failure::Refused)?;
        }
        Ok(Verdict::Commit(response))
    };
    // Before the run: what is set meanwhile, it may have missed.
    let place = target.remembered.map(|key| place(core, live, key));
    match until_committed(core, live, revision, &request, target.way, act).await {
        Ok((response, scope)) => {
            if let (Some(place), Some(scope)) = (place, scope) {
                core.answers.keep(place, &scope, &response);
            }
            Ok(response)
        }
        Err(Failure::Answered) => answered(core, &request).await,
        Err(failure) => Err(failure.into_problem(&revision.name)),
    }
}

/// Somebody else stored an answer under the key while this request ran: that one counts.
async fn answered(core: &Core, request: &Request) -> Result<Response, Problem> {
    match &request.idempotency {
        Some(key) => stored(core, &request.tenant, key)
            .await?
            .ok_or_else(in_flight),
        None => Err(Problem::internal("an answer without a key")),
    }
}

async fn stored(
    core: &Core,
    tenant: &TenantId,
    key: &IdempotencyKey,
) -> Result<Option<Response>, Problem> {
    let stored = core.ports.store.stored_answer(tenant, &key.id).await;
    match stored.map_err(store_problem)? {
        Some(answer) => answer.told(key).map(Some),
        None => Ok(None),
    }
}

fn keep(
    core: &Core,
    scope: &Scope,
    key: &IdempotencyKey,
    response: &Response,
) -> Result<(), Problem> {
    let answer = StoredAnswer::of(key, response, core.ports.clock.now())?;
    scope.unit.keep_answer(&key.id, answer);
    Ok(())
}
