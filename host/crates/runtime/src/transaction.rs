//! A request is a transaction: everything it does commits together, and a conflict runs it again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stoa_kernel::answer::{IdempotencyKey, StoredAnswer, in_flight};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::retry;
use stoa_kernel::routing::Entry;
use stoa_kernel::store::{CommitError, StoreError};
use stoa_wit::Method;

use crate::Core;
use crate::cache::CacheChanges;
use crate::call;
use crate::fault::Fault;
use crate::migration;
use crate::outside::Outside;
use crate::registry::Live;
use crate::reuse::Resting;
use crate::revision::Revision;
use crate::scope::{Budget, Scope};

/// After so many conflicts a request passes its plugin's turnstile alone.
const CONFLICTS_BEFORE_ALONE: u32 = 3;
/// Seconds after which a client should come back when its tenant's data can't be migrated.
const MIGRATION_RETRY_AFTER_S: u32 = 5;

/// Runs a request to its end.
///
/// # Errors
/// See [`stoa_kernel::plugins::Snapshot::handle`].
pub async fn run(
    core: &Arc<Core>,
    live: &Arc<Live>,
    key: usize,
    route: &Entry<Arc<Revision>>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = &route.owner;
    if route.route.remember {
        let now = core.ports.clock.now();
        if let Some(response) = live.answers.find(key, &request, &core.cache, now) {
            revision.meter.remembered();
            return Ok(response);
        }
    }
    let answer_key = route.route.remember.then_some(key);
    let fault = |fault: Fault| fault.into_problem(&revision.name);
    let _tenant = core
        .tenants
        .enter(&request.tenant)
        .ok_or_else(|| fault(Fault::Busy("the tenant has too many requests")))?;
    let _slot = call::slot(revision).await.map_err(fault)?;

    let Some(key) = request.idempotency.clone() else {
        return try_until_committed(core, live, answer_key, route, request).await;
    };
    let _running = core.in_flight.begin(&request.tenant, &key)?;
    if let Some(answer) = stored(core, &request.tenant, &key).await? {
        return Ok(answer);
    }
    try_until_committed(core, live, answer_key, route, request).await
}

async fn try_until_committed(
    core: &Arc<Core>,
    live: &Arc<Live>,
    answer_key: Option<usize>,
    route: &Entry<Arc<Revision>>,
    request: Request,
) -> Result<Response, Problem> {
    let revision = &route.owner;
    let deadline = Instant::now() + Duration::from_millis(revision.limits.wall_ms_max);
    let (request, outside) = (Arc::new(request), Arc::new(Outside::default()));
    migration::ensure(core, live, revision, &request.tenant)
        .await
        .map_err(|reason| {
            let reason = format!(
                "plugin {} can't migrate {}: {reason}",
                revision.name, request.tenant
            );
            Problem::unavailable(MIGRATION_RETRY_AFTER_S, reason)
        })?;
    for attempt in 0..COMMIT_TRIES_MAX {
        let passage = match route.route.method {
            Method::Get => None,
            _ => {
                let pass = revision
                    .turnstiles
                    .pass(&request.tenant, attempt >= CONFLICTS_BEFORE_ALONE);
                let left = deadline.saturating_duration_since(Instant::now());
                let passed = tokio::time::timeout(left, pass).await;
                passed.map_err(|_| {
                    Fault::Busy("others passed the turnstile all the time")
                        .into_problem(&revision.name)
                })?
            }
        };
        let scope = Arc::new(Scope {
            request: Arc::clone(&request),
            unit: core
                .ports
                .store
                .begin(&request.tenant)
                .await
                .map_err(store_problem)?,
            live: Arc::clone(live),
            outside: Arc::clone(&outside),
            cache_changes: CacheChanges::begin(&core.cache),
            cache: Arc::clone(&core.cache),
            event_ids: Arc::clone(&core.event_ids),
            budget: Budget::default(),
            resting: Resting::default(),
            ports: core.ports.clone(),
            deadline,
        });
        let response = call::handle(revision, &scope, &route.route.handler)
            .await
            .map_err(|fault| fault.into_problem(&revision.name))??;
        if response.status >= 400 {
            return Ok(response);
        }
        if let Some(key) = &request.idempotency {
            keep(core, &scope, key, &response)?;
        }
        match commit(&scope).await {
            Ok(()) => {
                if let Some(key) = answer_key {
                    live.answers.keep(key, &scope, &response);
                }
                scope.resting.release(&request.tenant);
                return Ok(response);
            }
            Err(CommitError::Conflict) => {
                revision.meter.conflicted();
                outside.rewind();
                drop(passage);
                let pause = retry::pause(attempt, &*core.ports.random);
                let left = deadline.saturating_duration_since(Instant::now());
                tokio::time::sleep(pause.min(left)).await;
            }
            Err(CommitError::Answered) => return answered(core, &request).await,
            Err(error) => return Err(Problem::unavailable(1, error.to_string())),
        }
    }
    Err(Problem::new(
        409,
        "conflict",
        "Too many requests changed the same thing at once; try again.",
    ))
}

/// Commits, and lets the caches follow. They follow even when the client goes away in between, which drops
/// this request: a copy that should have been dropped would else be told to others.
pub async fn commit(scope: &Arc<Scope>) -> Result<(), CommitError> {
    if scope.cache_changes.is_empty() {
        return scope.unit.commit().await;
    }
    let scope = Arc::clone(scope);
    let task = tokio::spawn(async move {
        let wrote = scope.unit.savepoint() > 0;
        let outcome = scope.unit.commit().await;
        match &outcome {
            Ok(()) => scope.cache_changes.apply(&scope.cache, wrote),
            // It may have happened: whatever it meant to replace is in doubt.
            Err(CommitError::Unknown(_)) => {
                scope.cache_changes.rollback_to(0);
                scope.cache_changes.apply(&scope.cache, wrote);
            }
            Err(_) => {}
        }
        outcome
    });
    task.await
        .unwrap_or_else(|error| Err(CommitError::Unknown(error.to_string())))
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

fn store_problem(error: StoreError) -> Problem {
    Problem::unavailable(1, error.to_string())
}

async fn stored(
    core: &Core,
    tenant: &TenantId,
    key: &IdempotencyKey,
) -> Result<Option<Response>, Problem> {
    let Some(answer) = core
        .ports
        .store
        .stored_answer(tenant, &key.id)
        .await
        .map_err(store_problem)?
    else {
        return Ok(None);
    };
    answer.told(key).map(Some)
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

/// A scope outside of any client's request: for health calls and migrations.
pub async fn host_scope(
    core: &Core,
    live: &Arc<Live>,
    revision: &Revision,
    tenant: &TenantId,
    purpose: &str,
) -> Result<Arc<Scope>, StoreError> {
    let request = Request {
        id: format!("{purpose}-{}", revision.name),
        tenant: tenant.clone(),
        address: None,
        principal: Default::default(),
        params: Vec::new(),
        query: String::new(),
        headers: Vec::new(),
        body: Default::default(),
        idempotency: None,
        cause: None,
    };
    Ok(Arc::new(Scope {
        request: Arc::new(request),
        unit: core.ports.store.begin(tenant).await?,
        live: Arc::clone(live),
        outside: Arc::default(),
        cache_changes: CacheChanges::begin(&core.cache),
        cache: Arc::clone(&core.cache),
        event_ids: Arc::clone(&core.event_ids),
        budget: Budget::default(),
        resting: Resting::default(),
        ports: core.ports.clone(),
        deadline: Instant::now() + Duration::from_millis(revision.limits.wall_ms_max),
    }))
}
