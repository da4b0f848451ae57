//! Everything that a guest does for one cause commits together, and a conflict runs it again: a client's
//! request, an event, a turn of a schedule.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stoa_kernel::call::{Cause, Request};
use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::retry;
use stoa_kernel::store::{CommitError, StoreError};
use stoa_kernel::trace::{self, SPANS};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::Core;
use crate::cache::CacheChanges;
use crate::fault::Fault;
use crate::migration;
use crate::outside::Outside;
use crate::pushes::Pushes;
use crate::registry::Live;
use crate::reuse::Resting;
use crate::revision::Revision;
use crate::scope::{Budget, Scope};
use crate::storing::Written;

/// After so many conflicts a request passes its plugin's turnstile alone.
const CONFLICTS_BEFORE_ALONE: u32 = 3;

/// What a run wants to become of its writes.
pub enum Verdict<T> {
    /// They are to be.
    Commit(T),
    /// They are not.
    Discard(T),
}

/// Whether runs of one plugin and tenant pass a turnstile, see [`crate::turnstile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Those that write.
    Turnstile,
    /// Those that only read.
    Free,
}

/// Why nothing was committed.
#[derive(Debug)]
pub enum Failure {
    /// The guest's own word, or its host's about what it did.
    Refused(Problem),
    /// The guest broke, or there was no room for it.
    Fault(Fault),
    /// It was done before: an answer is stored under the key, or the event is handled.
    Answered,
    /// The host could not, whatever the guest did.
    Host(Problem),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Host(store_problem(error))
    }
}

impl Failure {
    /// What a client is told.
    pub fn into_problem(self, plugin: &str) -> Problem {
        match self {
            Self::Refused(problem) | Self::Host(problem) => problem,
            Self::Fault(fault) => fault.into_problem(plugin),
            Self::Answered => Problem::internal("it was done before"),
        }
    }
}

/// Runs `act` until what it did is committed, or is not to be: each time in a new scope, and told the same by
/// the outside world. With the scope of the run that was committed.
///
/// # Errors
/// Every [`Failure`]; nothing was written then.
pub async fn until_committed<T, F>(
    core: &Arc<Core>,
    live: &Arc<Live>,
    revision: &Arc<Revision>,
    request: &Arc<Request>,
    way: Way,
    act: impl Fn(Arc<Scope>) -> F,
) -> Result<(T, Option<Arc<Scope>>), Failure>
where
    F: Future<Output = Result<Verdict<T>, Failure>> + Send,
{
    let outside = Arc::new(Outside::default());
    let deadline = Instant::now() + Duration::from_millis(revision.limits.wall_ms_max);
    let tenant = &request.tenant;
    // Of what the host does by itself, crash points are where it is done.
    let pass = |point| {
        if request.cause.is_none() {
            crash::pass(point, &revision.name);
        }
    };
    let entered = migration::enter(core, live, revision, tenant, deadline).await;
    let entered = entered.map_err(|kept| Failure::Host(kept.into_problem(&revision.name)))?;
    let entered = entered.map(Arc::new);
    for attempt in 0..COMMIT_TRIES_MAX {
        let passage = match way {
            Way::Free => None,
            Way::Turnstile => {
                let alone = attempt >= CONFLICTS_BEFORE_ALONE;
                let pass = revision.turnstiles.pass(tenant, alone);
                let left = deadline.saturating_duration_since(Instant::now());
                let passed = tokio::time::timeout(left, pass).await;
                passed.map_err(|_| Fault::Busy("others passed the turnstile all the time"))?
            }
        };
        let scope = scope(core, live, revision, request, &outside, (deadline, attempt)).await?;
        // A commit goes on when the client goes away: whatever it holds it holds until then.
        scope.hold(&revision.name, entered.clone());
        if attempt == 0 {
            scope.unit.presume_new();
        } else {
            scope.unit.hurry();
        }
        pass(CrashPoint::BeforeGuest);
        let ended = match act(Arc::clone(&scope)).await {
            _ if scope.is_to_begin_again() => Err(CommitError::Conflict),
            Err(failure) => return Err(failure),
            Ok(Verdict::Discard(output)) => return Ok((output, None)),
            Ok(Verdict::Commit(output)) => {
                pass(CrashPoint::BeforeCommit);
                traced_commit(&scope).await.map(|()| output)
            }
        };
        scope.leave();
        match ended {
            Ok(output) => {
                pass(CrashPoint::AfterCommit);
                scope.resting.release(tenant);
                return Ok((output, Some(scope)));
            }
            Err(CommitError::Conflict) => {
                revision.meter.conflicted();
                outside.rewind();
                drop(passage);
                let pause = retry::pause(attempt, &*core.ports.random);
                let left = deadline.saturating_duration_since(Instant::now());
                tokio::time::sleep(pause.min(left)).await;
            }
            Err(CommitError::Answered) => return Err(Failure::Answered),
            Err(error) => {
                let problem = Problem::unavailable(1, error.to_string());
                return Err(Failure::Host(problem));
            }
        }
    }
    Err(Failure::Host(Problem::new(
        409,
        "conflict",
        "Too many requests changed the same thing at once; try again.",
    )))
}

async fn scope(
    core: &Core,
    live: &Arc<Live>,
    revision: &Revision,
    request: &Arc<Request>,
    outside: &Arc<Outside>,
    (deadline, attempt): (Instant, u32),
) -> Result<Arc<Scope>, StoreError> {
    Ok(Arc::new(Scope {
        request: Arc::clone(request),
        unit: core.ports.store.begin(&request.tenant).await?,
        live: Arc::clone(live),
        outside: Arc::clone(outside),
        cache_changes: CacheChanges::begin(&core.cache),
        cache: Arc::clone(&core.cache),
        pushes: Pushes::default(),
        budget: Budget::default(),
        written: Written::default(),
        resting: Resting::default(),
        entered: Mutex::default(),
        ports: core.ports.clone(),
        deadline,
        pace: Arc::clone(&revision.pace),
        begins_again: AtomicBool::default(),
        attempt,
    }))
}

/// [`commit`], in a span of its own if there is anything to write.
async fn traced_commit(scope: &Arc<Scope>) -> Result<(), CommitError> {
    let changes = scope.unit.savepoint();
    if changes == 0 || !trace::is_on() {
        return commit(scope).await;
    }
    let span = tracing::info_span!(
        target: SPANS,
        "commit",
        otel.status_code = Empty,
        db.system.name = "surrealdb",
        db.operation.name = "COMMIT",
        stoa.tenant = scope.request.tenant.as_str(),
        stoa.commit.changes = changes,
        stoa.call.attempt = scope.attempt,
        stoa.commit.outcome = Empty,
    );
    let outcome = commit(scope).instrument(span.clone()).await;
    let word = match &outcome {
        Ok(()) => "ok",
        Err(CommitError::Conflict) => "conflict",
        Err(CommitError::Answered) => "answered",
        Err(CommitError::Unknown(_)) => "unknown",
        Err(_) => "failed",
    };
    span.record("stoa.commit.outcome", word);
    if matches!(word, "unknown" | "failed") {
        span.record("otel.status_code", "ERROR");
    }
    outcome
}

/// Commits, lets the caches follow, and tells those who listen. That happens even when the client goes away in
/// between, which drops this request: a copy that should have been dropped would else be told to others, nobody would
/// hear of what was done, and a migration could begin while the engine still writes.
pub async fn commit(scope: &Arc<Scope>) -> Result<(), CommitError> {
    let wrote = scope.unit.savepoint() > 0;
    if !wrote && scope.cache_changes.is_empty() && scope.pushes.is_empty() {
        return scope.unit.commit().await;
    }
    scope.outside.files.commit();
    let scope = Arc::clone(scope);
    let task = tokio::spawn(async move {
        let outcome = scope.unit.commit().await;
        match &outcome {
            Ok(()) => {
                scope.cache_changes.apply(&scope.cache, wrote);
                scope
                    .ports
                    .live
                    .push(&scope.request.tenant, scope.pushes.take());
            }
            // It may have happened: whatever it meant to replace is in doubt.
            Err(CommitError::Unknown(_)) => {
                scope.cache_changes.rollback_to(0);
                scope.cache_changes.apply(&scope.cache, wrote);
            }
            Err(_) => scope.outside.files.rewind(),
        }
        outcome
    });
    task.await
        .unwrap_or_else(|error| Err(CommitError::Unknown(error.to_string())))
}

/// What a client is told when the store fails.
pub fn store_problem(error: StoreError) -> Problem {
    Problem::unavailable(1, error.to_string())
}

/// A request that is no client's. `cause` says what it is for, see [`Request::cause`].
pub fn host_request(tenant: &TenantId, id: String, cause: Option<Cause>) -> Arc<Request> {
    Arc::new(Request {
        id,
        tenant: tenant.clone(),
        address: None,
        principal: Default::default(),
        params: Vec::new(),
        query: String::new(),
        headers: Vec::new(),
        body: Default::default(),
        cause,
        idempotency: None,
    })
}

/// A scope outside of any client's request: for health calls and migrations.
pub async fn host_scope(
    core: &Core,
    live: &Arc<Live>,
    revision: &Revision,
    tenant: &TenantId,
    purpose: &str,
) -> Result<Arc<Scope>, StoreError> {
    let request = host_request(tenant, format!("{purpose}-{}", revision.name), None);
    let deadline = Instant::now() + Duration::from_millis(revision.limits.wall_ms_max);
    scope(
        core,
        live,
        revision,
        &request,
        &Arc::default(),
        (deadline, 0),
    )
    .await
}
