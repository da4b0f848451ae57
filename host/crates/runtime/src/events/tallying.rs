//! Tells plugins how often answers of theirs were given: what `tallies` has counted becomes events of the plugin's own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stoa_kernel::clock::Millis;
use stoa_kernel::event::Event;
use stoa_kernel::random::ulid;
use stoa_kernel::store::{CommitError, StoreError};
use stoa_wit::Permission;

use super::pump::NAP_MAX;
use super::shared::Shared;
use crate::tallies::{Counts, Kind};

/// How long is counted before it is told. Each time costs a commit and whatever the plugin writes, which makes answers
/// that rest on it be worked out again; and figures of interest may be a minute old.
const EVERY_MS: Millis = 60_000;

/// What one event tells: so much that the plugin gets it done within one call, and fits into an event.
const SUBJECTS_PER_EVENT_MAX: usize = 50;

/// Tells what is counted until the host stops, and the rest when it does.
pub async fn run(shared: Arc<Shared>) {
    let tallies = &shared.runtime.core.tallies;
    while !shared.is_stopping() {
        tokio::select! {
            () = tallies.begun.notified() => {}
            () = shared.stopping() => {}
        }
        wait(&shared).await;
        tell(&shared).await;
    }
    tell(&shared).await;
}

/// Waits as long as it counts, or less if the clock is set.
async fn wait(shared: &Shared) {
    let began = shared.ports.clock.now();
    while !shared.is_stopping() {
        let waited = shared.ports.clock.now().checked_sub(began);
        let left = waited.and_then(|waited| EVERY_MS.checked_sub(waited));
        let Some(left) = left.filter(|left| *left > 0) else {
            return;
        };
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(left).min(NAP_MAX)) => {}
            () = shared.stopping() => {}
        }
    }
}

/// Tells everything that was counted. What can't be told now is kept for the next time.
async fn tell(shared: &Shared) {
    let tallies = &shared.runtime.core.tallies;
    for (kind, counts) in tallies.take() {
        let mut counts = counts.into_iter();
        loop {
            let some: Counts = counts.by_ref().take(SUBJECTS_PER_EVENT_MAX).collect();
            if some.is_empty() {
                break;
            }
            if let Err(why) = raise(shared, &kind, &some).await {
                tracing::debug!(?kind, %why, "a plugin is told later how often answers were given");
                tallies.add(kind, some.into_iter().chain(counts));
                break;
            }
        }
    }
}

/// Raises the event, if the plugin is there and may raise it.
async fn raise(shared: &Shared, kind: &Kind, counts: &Counts) -> Result<(), StoreError> {
    let live = shared.runtime.live_for(&kind.tenant);
    let Some(revision) = live.plugins().get(&kind.plugin) else {
        return Ok(());
    };
    let manifest = &revision.package.manifest;
    if !manifest.raises.contains(&kind.event)
        || !revision.grants.has(&Permission::raises(&kind.event))
    {
        return Ok(());
    }
    let now = shared.ports.clock.now();
    let share = revision.record.shares.of(&kind.tenant);
    if !share.raise(&shared.runtime.core.config.shares, now) {
        return Err(StoreError::Limit(
            "the plugin has raised its events of this minute".into(),
        ));
    }
    let unit = shared.ports.store.begin(&kind.tenant).await?;
    unit.raise(Event {
        id: ulid(now, &*shared.ports.random),
        tenant: None,
        plugin: kind.plugin.to_string(),
        name: kind.event.clone(),
        // One after the other: they may be about the same documents.
        key: "tally".to_owned(),
        payload: json!({ "counts": counts }).to_string(),
        raised_at: now,
        due_at: None,
        trace: None,
    })?;
    match unit.commit().await {
        // Rather lost than told twice.
        Ok(()) | Err(CommitError::Unknown(_)) => Ok(()),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}
