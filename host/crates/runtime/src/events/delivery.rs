//! One delivery: to a plugin as a transaction with its mark, to a part of the host, to another outbox, or to
//! the consumers outside.

use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use stoa_kernel::call::Cause;
use stoa_kernel::clock::Millis;
use stoa_kernel::crash::{self, CrashPoint};
use stoa_kernel::error::Problem;
use stoa_kernel::event::{Event, EventStream, HostSubscriber};
use stoa_kernel::id::TenantId;
use stoa_kernel::store::{CommitError, StoreError, UnitOfWork};
use stoa_kernel::trace::SPANS;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::aftermath::{Outcome, deferred, failed};
use super::lanes::{Job, Line};
use super::retries::cut;
use super::shared::Shared;
use super::subscribers::{Reach, Target};
use super::{FAILURES, LETTERS, collection, delivery_id};
use crate::bindings::exports::stoa::events::subscriber as wire;
use crate::call;
use crate::fault::Fault;
use crate::interface::types;
use crate::scope::Scope;
use crate::transaction::{Failure, Verdict, Way, host_request, until_committed};

/// The longest that a part of the host may take for one event.
const HOST_SUBSCRIBER_MAX: Duration = Duration::from_secs(30);

/// How long an event waits for the consumers outside before it goes without them: an outage of an hour is one that
/// they have to be told of anyway, and the database must not grow for ever.
pub const STREAM_WAIT_MS_MAX: Millis = 3_600_000;

/// Why a delivery did not succeed.
enum Miss {
    /// The subscriber failed.
    Failed(String),
    /// The host could not.
    Deferred(String),
}

impl From<StoreError> for Miss {
    fn from(error: StoreError) -> Self {
        Self::Deferred(error.to_string())
    }
}

impl From<Failure> for Miss {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(problem) => Self::Failed(told(&problem)),
            Failure::Fault(
                fault @ (Fault::Busy(_)
                | Fault::NoProvider(_)
                | Fault::Store(_)
                | Fault::Quarantined(_)
                | Fault::Share(..)),
            ) => Self::Deferred(fault.to_string()),
            Failure::Fault(fault) => Self::Failed(fault.to_string()),
            Failure::Host(problem) => Self::Deferred(told(&problem)),
            Failure::Answered => Self::Deferred("it was handled meanwhile".into()),
        }
    }
}

/// What an operator reads of a problem.
fn told(problem: &Problem) -> String {
    match &problem.internal {
        Some(internal) => format!("{problem}: {internal}"),
        None => problem.to_string(),
    }
}

/// Makes a delivery and sees to what follows from its failure.
pub async fn deliver(shared: &Shared, tenant: &TenantId, target: &Target, job: &Job) -> Outcome {
    let missed = match &target.reach {
        Reach::Stream(stream) => to_stream(shared, tenant, target, job, &**stream).await,
        _ => one(shared, tenant, target, job).await,
    };
    let Some(first) = job.events.first() else {
        return Outcome::Done;
    };
    let labels = [
        ("event", first.name.clone()),
        ("subscriber", target.name.to_string()),
    ];
    match missed {
        Ok(()) => {
            counter!("events_handled_total", &labels).increment(job.events.len() as u64);
            Outcome::Done
        }
        Err(Miss::Failed(reason)) => {
            counter!("events_failed_total", &labels).increment(1);
            failed(shared, tenant, target, job, first, cut(reason)).await
        }
        Err(Miss::Deferred(reason)) => {
            counter!("events_deferred_total", &labels).increment(1);
            deferred(shared, tenant, target, job, first, &reason)
        }
    }
}

async fn one(shared: &Shared, tenant: &TenantId, target: &Target, job: &Job) -> Result<(), Miss> {
    let Some(event) = job.events.first() else {
        return Ok(());
    };
    let span = span(tenant, target, job, event);
    let made = reach(shared, tenant, target, job, event);
    let made = made.instrument(span.clone()).await;
    let outcome = match &made {
        Ok(()) => "ok",
        Err(Miss::Failed(_)) => "failed",
        Err(Miss::Deferred(_)) => "deferred",
    };
    span.record("stoa.event.outcome", outcome);
    if outcome == "failed" {
        span.record("otel.status_code", "ERROR");
    }
    made
}

/// The span of a delivery: not a part of what raised the event, which has ended, but linked to it.
fn span(tenant: &TenantId, target: &Target, job: &Job, event: &Event) -> Span {
    tracing::info_span!(
        target: SPANS,
        parent: None,
        "event",
        otel.name = %format_args!("process {}", event.name),
        otel.kind = "consumer",
        otel.status_code = Empty,
        otel.link = event.trace.map(tracing::field::display),
        messaging.system = "stoa",
        messaging.operation.type = "process",
        messaging.destination.name = &*event.name,
        messaging.message.id = &*event.id,
        stoa.tenant = tenant.as_str(),
        stoa.plugin = &*target.name,
        stoa.plugin.version = Empty,
        stoa.event.attempt = job.tries.failed.saturating_add(1),
        stoa.event.outcome = Empty,
    )
}

async fn reach(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    event: &Event,
) -> Result<(), Miss> {
    match &target.reach {
        Reach::Plugin => to_plugin(shared, tenant, target, job, event).await,
        Reach::Host(host) => to_host(shared, tenant, target, job, event, &**host).await,
        Reach::HandOver => Ok(shared.ports.outbox.hand_over(event).await?),
        Reach::Absent | Reach::Stream(_) => Err(Miss::Deferred("it is away".into())),
    }
}

async fn to_plugin(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    event: &Event,
) -> Result<(), Miss> {
    let (core, live) = (&shared.runtime.core, shared.runtime.live_for(tenant));
    let found = live.plugins().get(&target.name).and_then(|revision| {
        let mut subscriptions = revision.package.manifest.subscriptions.iter();
        let subscription = subscriptions
            .find(|each| each.event == event.name && revision.grants.hears(&each.event))?;
        Some((
            revision,
            &subscription.handler,
            revision.subscriber.as_ref()?,
        ))
    });
    let Some((revision, handler, indices)) = found else {
        return Err(Miss::Deferred(
            "the plugin does not subscribe to it now".into(),
        ));
    };
    let version = &*revision.package.manifest.version;
    Span::current().record("stoa.plugin.version", version);
    let busy = Fault::Busy("the tenant has too many requests");
    let _tenant = core
        .tenants
        .enter(tenant)
        .ok_or_else(|| Miss::from(Failure::Fault(busy)))?;
    let cause = Cause {
        id: format!("event:{}", delivery_id(&event.id, &target.name)),
        kind: format!("event {}", event.name),
    };
    let request = host_request(tenant, format!("event-{}", event.id), Some(cause));
    let place = call::place(core, revision, &request).await;
    let _place = place.map_err(|fault| Miss::from(Failure::Fault(fault)))?;
    crash::pass(CrashPoint::BeforeDelivery, &target.name);
    let told = &wire(event, job.tries.failed);
    let act = |scope: Arc<Scope>| async move {
        mark(&*scope.unit, target, job, event).await?;
        let export = call::Export {
            interface: "stoa:events/subscriber",
            function: handler,
        };
        let answer = call::run(revision, &scope, export, async |living| {
            let guest = indices.load(&mut living.store, &living.instance)?;
            guest.call_handle(&mut living.store, handler, told).await
        })
        .await?;
        crash::pass(CrashPoint::BeforeHandled, &target.name);
        match answer {
            Ok(()) => Ok(Verdict::Commit(())),
            Err(problem) => Err(Failure::Refused(types::problem(problem))),
        }
    };
    match until_committed(core, &live, revision, &request, Way::Turnstile, act).await {
        Ok(_) | Err(Failure::Answered) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

fn wire(event: &Event, failed: u32) -> wire::Event {
    wire::Event {
        id: event.id.clone(),
        name: event.name.clone(),
        source: event.plugin.clone(),
        key: event.key.clone(),
        payload: event.payload.clone(),
        raised_at_ms: event.raised_at,
        attempt: failed.saturating_add(1),
    }
}

/// Adds to the unit of work that this delivery is made: it commits with that once, however often it is tried.
async fn mark(
    unit: &dyn UnitOfWork,
    target: &Target,
    job: &Job,
    event: &Event,
) -> Result<(), Failure> {
    if let Line::Letter(letter) = &job.lane.line {
        return match unit.delete(&collection(LETTERS), letter).await? {
            true => Ok(()),
            false => Err(Failure::Answered),
        };
    }
    unit.handled(&event.id, &target.name);
    if job.tries.failed > 0 {
        let id = delivery_id(&event.id, &target.name);
        unit.delete(&collection(FAILURES), &id).await?;
    }
    Ok(())
}

async fn to_host(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    event: &Event,
    host: &dyn HostSubscriber,
) -> Result<(), Miss> {
    match tokio::time::timeout(HOST_SUBSCRIBER_MAX, host.handle(tenant, event)).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => return Err(Miss::Failed(told(&problem))),
        Err(_) => return Err(Miss::Failed("it took too long".into())),
    }
    let unit = shared.ports.store.begin(tenant).await?;
    match mark(&*unit, target, job, event).await {
        Ok(()) => committed(unit.commit().await),
        Err(Failure::Answered) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

fn committed(outcome: Result<(), CommitError>) -> Result<(), Miss> {
    match outcome {
        Ok(()) | Err(CommitError::Answered) => Ok(()),
        Err(error) => Err(Miss::Deferred(error.to_string())),
    }
}

async fn to_stream(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    stream: &dyn EventStream,
) -> Result<(), Miss> {
    let now = shared.ports.clock.now();
    let events: Vec<Event> = job.events.iter().map(|event| Event::clone(event)).collect();
    if let Err(reason) = stream.append(tenant, &events).await {
        let is_late = |event: &Event| {
            let due_at = event.due_at.unwrap_or(event.raised_at);
            now >= due_at.saturating_add(STREAM_WAIT_MS_MAX)
        };
        if !events.iter().all(is_late) {
            return Err(Miss::Deferred(reason));
        }
        counter!("events_unstreamed_total").increment(events.len() as u64);
        tracing::error!(%tenant, events = events.len(), reason, "events go without the consumers outside");
    }
    let unit = shared.ports.store.begin(tenant).await?;
    for event in &events {
        unit.handled(&event.id, &target.name);
    }
    match unit.commit().await {
        // One of them was marked before: the others are to be marked all the same.
        Err(CommitError::Answered) if events.len() > 1 => {
            for event in &events {
                let unit = shared.ports.store.begin(tenant).await?;
                unit.handled(&event.id, &target.name);
                committed(unit.commit().await)?;
            }
            Ok(())
        }
        outcome => committed(outcome),
    }
}
