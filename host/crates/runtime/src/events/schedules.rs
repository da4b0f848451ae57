//! Turns of schedules: work at intervals, once per tenant.
//!
//! A document per schedule and tenant says when the next turn is due; it is written together with what the
//! turn does, so that a turn happens once or not at all. When it is due is also kept in memory, so that
//! waiting for it costs no questions to the database.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use serde_json::{Value, json};
use stoa_kernel::call::Cause;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::store::{CommitError, Expiry, StoreError, UnitOfWork};
use stoa_kernel::trace::SPANS;
use tokio::task::JoinSet;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::pump::NAP_MAX;
use super::shared::{DELIVERIES_MAX, STORE_PAUSE, Shared};
use super::timetable::{Slot, Timetable};
use super::{SCHEDULES, collection};
use crate::bindings::exports::stoa::schedule::scheduled::GuestIndices as ScheduledIndices;
use crate::call;
use crate::fault::Fault;
use crate::interface::types;
use crate::revision::Revision;
use crate::runtime::Runtime;
use crate::scope::Scope;
use crate::transaction::{Failure, Verdict, Way, host_request, until_committed};

/// Turns at the same time; deliveries of events keep the other half of the places.
const TURNS_MAX: usize = DELIVERIES_MAX / 2;

/// How often the record of a turn that failed is written again after a conflict.
const TRIES_MAX: u32 = 10;

/// Lets turns happen until the host stops.
pub async fn run(shared: Arc<Shared>) {
    let mut timetable = Timetable::default();
    let mut sets = shared.runtime.watch_live();
    timetable.set_schedules(&shared.runtime.sets.load(), shared.ports.clock.now());
    while let Err(error) = add_all_tenants(&shared, &mut timetable).await {
        tracing::warn!(error, "schedules have to wait for the store");
        shared.pause().await;
        if shared.is_stopping() {
            return;
        }
    }
    let mut turns: JoinSet<Millis> = JoinSet::new();
    let mut before = shared.ports.clock.now();
    while !shared.is_stopping() {
        let now = shared.ports.clock.now();
        if now < before {
            timetable.look_again(now);
        }
        before = now;
        for tenant in shared.hub.take_opened() {
            timetable.add_tenant(tenant, now);
        }
        while timetable.running.len() < TURNS_MAX
            && let Some((slot, every_ms)) = timetable.take_due(now)
        {
            let (shared, taken) = (Arc::clone(&shared), slot.clone());
            let started = turns.spawn(async move {
                let _permit = shared.permits.acquire().await;
                match shared.is_stopping() {
                    true => now,
                    false => turn(&shared, &taken, every_ms).await,
                }
            });
            timetable.running.insert(started.id(), slot);
        }
        tokio::select! {
            Some(ended) = turns.join_next_with_id() => {
                let pause = Millis::try_from(STORE_PAUSE.as_millis()).unwrap_or(1_000);
                let (id, next_at) = match ended {
                    Ok((id, next_at)) => (id, next_at),
                    Err(error) => (error.id(), shared.ports.clock.now() + pause),
                };
                if let Some(slot) = timetable.running.remove(&id) {
                    timetable.again(slot, next_at);
                }
            }
            () = shared.hub.has_opened.notified() => {}
            changed = sets.changed() => match changed {
                Ok(()) => timetable.set_schedules(&shared.runtime.sets.load(), now),
                Err(_) => break,
            },
            () = shared.stopping() => {}
            () = nap(&timetable, now) => {}
        }
    }
    while turns.join_next().await.is_some() {}
}

async fn add_all_tenants(shared: &Shared, timetable: &mut Timetable) -> Result<(), String> {
    let tenants = shared.ports.store.tenants().await;
    let now = shared.ports.clock.now();
    for tenant in tenants.map_err(|error| error.to_string())? {
        timetable.add_tenant(tenant, now);
    }
    Ok(())
}

/// Sleeps until something is due; for ever if nothing is.
async fn nap(timetable: &Timetable, now: Millis) {
    match timetable.next_at() {
        // Its place is taken: the end of another turn wakes.
        Some(at) if at <= now && timetable.running.len() >= TURNS_MAX => {
            std::future::pending().await
        }
        Some(at) => {
            let left = Duration::from_millis(at.saturating_sub(now));
            tokio::time::sleep(left.min(NAP_MAX)).await;
        }
        None => std::future::pending().await,
    }
}

/// The first time after `now` in the rhythm of a turn that was due: what was missed is made up for once.
fn following(due_at: Millis, every_ms: Millis, now: Millis) -> Millis {
    let missed = now.saturating_sub(due_at) / every_ms;
    due_at + (missed + 1) * every_ms
}

/// Takes a turn if it is due, and answers when the next one is.
async fn turn(shared: &Shared, slot: &Slot, every_ms: Millis) -> Millis {
    let labels = [
        ("plugin", slot.plugin.to_string()),
        ("schedule", slot.handler.clone()),
    ];
    let now = shared.ports.clock.now();
    match take(shared, slot, every_ms, now).await {
        Ok((next_at, was_due)) => {
            if was_due {
                counter!("turns_taken_total", &labels).increment(1);
            }
            next_at
        }
        Err(failure) => {
            let is_own = matches!(
                failure,
                Failure::Refused(_)
                    | Failure::Fault(
                        Fault::Trap(_)
                            | Fault::Timeout(_)
                            | Fault::Limit(_)
                            | Fault::Denied(_)
                            | Fault::InvalidOutput(_)
                    )
            );
            let problem = failure.into_problem(&slot.plugin);
            let soon = now + Millis::try_from(STORE_PAUSE.as_millis()).unwrap_or(1_000);
            if !is_own {
                tracing::debug!(?slot, %problem, "a turn has to wait");
                return soon;
            }
            counter!("turns_failed_total", &labels).increment(1);
            tracing::warn!(
                tenant = %slot.tenant, plugin = &*slot.plugin, schedule = slot.handler, %problem,
                reason = problem.internal, "a turn of a schedule failed"
            );
            skip(shared, slot, every_ms, now).await.unwrap_or(soon)
        }
    }
}

/// When the next turn is due, and whether one was taken now.
async fn take(
    shared: &Shared,
    slot: &Slot,
    every_ms: Millis,
    now: Millis,
) -> Result<(Millis, bool), Failure> {
    let unit = shared.ports.store.begin(&slot.tenant).await?;
    match due_at(&*unit, slot).await? {
        Some(at) if at <= now => turn_due_at(shared, slot, every_ms, now, at).await,
        Some(at) if at <= now + every_ms => Ok((at, false)),
        // It is seen for the first time, or has become more frequent: its rhythm begins now.
        _ => {
            note(&*unit, slot, now + every_ms).await?;
            match unit.commit().await {
                Ok(()) => Ok((now + every_ms, false)),
                // Somebody else has begun it.
                Err(CommitError::Conflict) => Ok((now, false)),
                Err(error) => Err(StoreError::Unavailable(error.to_string()).into()),
            }
        }
    }
}

impl Runtime {
    /// Takes a turn of a schedule now, whether or not it is due, and leaves its rhythm as it is: for whoever rehearses.
    ///
    /// # Errors
    /// The plugin's own problem, or the host's; 404 if no such plugin serves, or it takes no turns.
    pub async fn take_turn(
        &self,
        tenant: &TenantId,
        plugin: &str,
        handler: &str,
    ) -> Result<(), Problem> {
        let (core, live) = (&self.core, self.live_for(tenant));
        let found = live.plugins().get(plugin);
        let found = found.and_then(|revision| Some((revision, revision.scheduled.as_ref()?)));
        let (revision, indices) = found.ok_or_else(Problem::not_found)?;
        let due = core.ports.clock.now();
        let request = host_request(tenant, format!("turn-{plugin}.{handler}"), None);
        let act = |scope: Arc<Scope>| async move {
            run_one(revision, &scope, indices, handler, due).await?;
            Ok(Verdict::Commit(()))
        };
        let ended = until_committed(core, &live, revision, &request, Way::Turnstile, act).await;
        let ended = ended.map_err(|failure| failure.into_problem(&revision.name));
        ended.map(drop)
    }
}

/// Lets the plugin take one turn.
async fn run_one(
    revision: &Arc<Revision>,
    scope: &Arc<Scope>,
    indices: &ScheduledIndices,
    handler: &str,
    due: Millis,
) -> Result<(), Failure> {
    let export = call::Export {
        interface: "stoa:schedule/scheduled",
        function: handler,
    };
    let answer = call::run(revision, scope, export, async |living| {
        let guest = indices.load(&mut living.store, &living.instance)?;
        guest.call_run(&mut living.store, handler, due).await
    })
    .await?;
    answer.map_err(|problem| Failure::Refused(types::problem(problem)))
}

async fn turn_due_at(
    shared: &Shared,
    slot: &Slot,
    every_ms: Millis,
    now: Millis,
    due: Millis,
) -> Result<(Millis, bool), Failure> {
    let (core, live) = (&shared.runtime.core, shared.runtime.live_for(&slot.tenant));
    let found = live
        .plugins()
        .get(&slot.plugin)
        .and_then(|revision| Some((revision, revision.scheduled.as_ref()?)));
    let Some((revision, indices)) = found else {
        return Err(Fault::Busy("the plugin is away").into());
    };
    let _tenant = core
        .tenants
        .enter(&slot.tenant)
        .ok_or(Fault::Busy("the tenant has too many requests"))?;
    let cause = Cause {
        id: format!("turn:{}:{}:{due}", slot.tenant, slot.id()),
        kind: format!("turn {}", slot.id()),
    };
    let request = host_request(&slot.tenant, format!("turn-{}", slot.id()), Some(cause));
    let _place = call::place(core, revision, &request).await?;
    let next_at = following(due, every_ms, now);
    let act = |scope: Arc<Scope>| async move {
        if due_at(&*scope.unit, slot).await? != Some(due) {
            // Somebody else has taken it: when the next one is due is to be looked up.
            return Ok(Verdict::Discard((now, false)));
        }
        note(&*scope.unit, slot, next_at).await?;
        run_one(revision, &scope, indices, &slot.handler, due).await?;
        Ok(Verdict::Commit((next_at, true)))
    };
    let span = span(slot, revision);
    let turn = until_committed(core, &live, revision, &request, Way::Turnstile, act);
    let ended = turn.instrument(span.clone()).await;
    if ended.is_err() {
        span.record("otel.status_code", "ERROR");
    }
    Ok(ended?.0)
}

/// The span of a turn.
fn span(slot: &Slot, revision: &Revision) -> Span {
    tracing::info_span!(
        target: SPANS,
        parent: None,
        "turn",
        otel.name = %format_args!("turn {}", slot.handler),
        otel.kind = "consumer",
        otel.status_code = Empty,
        stoa.tenant = slot.tenant.as_str(),
        stoa.plugin = &*slot.plugin,
        stoa.plugin.version = &*revision.package.manifest.version,
    )
}

/// Lets a turn that failed be over: the next one comes at its time.
async fn skip(
    shared: &Shared,
    slot: &Slot,
    every_ms: Millis,
    now: Millis,
) -> Result<Millis, CommitError> {
    let unavailable =
        |error: Failure| CommitError::Unavailable(error.into_problem(&slot.plugin).to_string());
    let mut tried = 1;
    loop {
        let unit = shared.ports.store.begin(&slot.tenant).await;
        let unit = unit.map_err(|error| unavailable(error.into()))?;
        let next_at = match due_at(&*unit, slot).await.map_err(unavailable)? {
            Some(at) if at > now => return Ok(at),
            Some(at) => following(at, every_ms, now),
            None => now + every_ms,
        };
        note(&*unit, slot, next_at).await.map_err(unavailable)?;
        match unit.commit().await {
            Err(CommitError::Conflict) if tried < TRIES_MAX => tried += 1,
            outcome => return outcome.map(|()| next_at),
        }
    }
}

async fn due_at(unit: &dyn UnitOfWork, slot: &Slot) -> Result<Option<Millis>, Failure> {
    let document = unit.get(&collection(SCHEDULES), &slot.id()).await?;
    let body = document.and_then(|found| serde_json::from_str::<Value>(&found.body).ok());
    Ok(body.and_then(|body| body.get("next_at")?.as_u64()))
}

async fn note(unit: &dyn UnitOfWork, slot: &Slot, next_at: Millis) -> Result<(), Failure> {
    let body = json!({ "next_at": next_at });
    unit.put(
        &collection(SCHEDULES),
        &slot.id(),
        None,
        body,
        Expiry::Never,
    )
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_made_up_for_once_and_in_rhythm() {
        assert_eq!(following(1_000, 100, 1_000), 1_100);
        assert_eq!(following(1_000, 100, 1_099), 1_100);
        assert_eq!(following(1_000, 100, 1_100), 1_200);
        assert_eq!(following(1_000, 100, 9_950), 10_000);
    }
}
