//! What a plugin does without being asked by a client: events that it handles, turns that it takes.

use serde::{Deserialize, Serialize};

use super::{ManifestError, invalid, is_name};

/// Seconds between two turns of a schedule, at least: each turn costs every tenant a transaction.
pub const SCHEDULE_S_MIN: u32 = 1;

/// Seconds between two turns of a schedule, at most: a week. What is rarer is a date, not a rhythm.
pub const SCHEDULE_S_MAX: u32 = 604_800;

/// The event by which the host tells a tenant's plugins to forget an account: `{"userId": …}`.
pub const ERASED: &str = "user.erased";

/// The first words of the names of events that the host alone raises: a plugin that could raise them could forge
/// a letter or a change of plan.
const HOST_EVENTS: [&str; 2] = ["host", "user"];

/// Whether only the host raises events of this name.
#[must_use]
pub fn is_host_event(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    HOST_EVENTS.contains(&first)
}

/// An event that the plugin handles. The component exports `stoa:events/subscriber`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The event's name, such as `payment.success`, whoever raises it. A plugin handles an event once.
    pub event: String,
    /// Which handler of the component takes it; one handler may take several events.
    pub handler: String,
}

/// Work at intervals, once per tenant. The component exports `stoa:schedule/scheduled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Which handler of the component takes the turns; also the schedule's name.
    pub handler: String,
    /// Seconds between the beginnings of two turns, [`SCHEDULE_S_MIN`] to [`SCHEDULE_S_MAX`].
    pub every_s: u32,
}

/// 1 to 64 of lower-case letters, digits, `-`, `_` and single dots between them.
#[must_use]
pub fn is_event_name(text: &str) -> bool {
    text.len() <= 64 && text.split('.').all(|part| is_name(part, 64, b"-_"))
}

pub(super) fn check(
    subscriptions: &[Subscription],
    schedules: &[Schedule],
) -> Result<(), ManifestError> {
    for (index, subscription) in subscriptions.iter().enumerate() {
        let shown = format!("subscribe {}", subscription.event);
        if !is_event_name(&subscription.event) {
            return invalid(format!("{shown}: no name of an event"));
        }
        if !is_name(&subscription.handler, 64, b"_") {
            return invalid(format!("{shown}: the handler is no snake_case name"));
        }
        let earlier = subscriptions.iter().take(index);
        if earlier
            .into_iter()
            .any(|other| other.event == subscription.event)
        {
            return invalid(format!("{shown}: listed twice"));
        }
    }
    for (index, schedule) in schedules.iter().enumerate() {
        let shown = format!("schedule {}", schedule.handler);
        if !is_name(&schedule.handler, 64, b"_") {
            return invalid(format!("{shown}: the handler is no snake_case name"));
        }
        if !(SCHEDULE_S_MIN..=SCHEDULE_S_MAX).contains(&schedule.every_s) {
            return invalid(format!(
                "{shown}: every_s is {SCHEDULE_S_MIN} to {SCHEDULE_S_MAX}"
            ));
        }
        let earlier = schedules.iter().take(index);
        if earlier
            .into_iter()
            .any(|other| other.handler == schedule.handler)
        {
            return invalid(format!("{shown}: listed twice"));
        }
    }
    Ok(())
}
