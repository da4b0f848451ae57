//! What follows from a delivery that did not succeed: another try, or a dead letter.

use metrics::counter;
use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::id::TenantId;

use super::lanes::{Job, Line, Tries};
use super::letters::DeadLetter;
use super::retries::{ATTEMPTS_MAX, Failure as Failed, deferral_ms, pause_ms};
use super::shared::Shared;
use super::subscribers::Target;

/// How a delivery ended.
pub enum Outcome {
    /// It is handled, or given up.
    Done,
    /// It is to be tried again.
    Later(Millis, Tries),
}

/// The subscriber failed: it is tried again later, or given up.
pub async fn failed(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    event: &Event,
    reason: String,
) -> Outcome {
    let failed = job.tries.failed.saturating_add(1);
    let subscriber = target.name.to_string();
    tracing::warn!(
        %tenant, subscriber, event = event.name, id = event.id, failed, reason,
        "an event could not be handled"
    );
    let (store, now) = (&*shared.ports.store, shared.ports.clock.now());
    if let Line::Letter(letter) = &job.lane.line {
        let noted = shared.letters.failed_again(tenant, letter, &reason).await;
        return match noted {
            Ok(()) => Outcome::Done,
            Err(error) => deferred(shared, tenant, target, job, event, &error.to_string()),
        };
    }
    if failed >= ATTEMPTS_MAX {
        let letter = DeadLetter {
            event: event.clone(),
            subscriber: subscriber.clone(),
            attempts: failed,
            reason,
            died_at: now,
            redrive: false,
        };
        return match shared.letters.bury(tenant, &letter).await {
            Ok(()) => {
                counter!("events_dead_total", "event" => event.name.clone(), "subscriber" => subscriber)
                    .increment(1);
                tracing::error!(%tenant, letter = letter.id(), "an event is a dead letter");
                Outcome::Done
            }
            Err(error) => deferred(shared, tenant, target, job, event, &error.to_string()),
        };
    }
    let next_at = now + pause_ms(failed, &*shared.ports.random);
    let record = Failed {
        event: event.id.clone(),
        subscriber,
        failed,
        next_at,
        reason,
    };
    if let Err(error) = record.write(store, tenant).await {
        // It is remembered in this process.
        tracing::warn!(%tenant, %error, "a failure could not be written down");
    }
    Outcome::Later(
        next_at,
        Tries {
            failed,
            deferred: 0,
        },
    )
}

/// The host could not: it is tried again soon, and does not count.
pub fn deferred(
    shared: &Shared,
    tenant: &TenantId,
    target: &Target,
    job: &Job,
    event: &Event,
    reason: &str,
) -> Outcome {
    let deferred = job.tries.deferred.saturating_add(1);
    tracing::debug!(
        %tenant, subscriber = &*target.name, event = event.name, id = event.id, deferred, reason,
        "an event has to wait"
    );
    let pause = deferral_ms(deferred, &*shared.ports.random);
    Outcome::Later(
        shared.ports.clock.now() + pause,
        Tries {
            failed: job.tries.failed,
            deferred,
        },
    )
}
