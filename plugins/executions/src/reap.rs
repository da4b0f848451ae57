//! What becomes of runs whose worker says nothing any more, and of those that take too long.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::chance;
use crate::run::{self, RUNS, Run};
use crate::status::Status;

/// Runs of one turn; each becomes an event, of which a turn may raise a hundred.
const BATCH_MAX: u32 = 50;
/// Runs among which a worker chooses the one that it revives: others may be at it, too.
const SPREAD: u32 = 8;

/// Nothing but the id is asked for.
#[derive(Debug, Deserialize)]
struct Due {}

const DUE: Collection<Due> = Collection::new("runs");

/// The schedule: what is due, the longest silent first.
pub fn reap(_turn: Turn) -> Result<()> {
    for id in due(BATCH_MAX)? {
        end(&id)?;
    }
    Ok(())
}

/// One of them, for a worker who finds nothing else. Whether there was one.
pub fn one() -> Result<bool> {
    for id in chance::shuffled(&due(SPREAD)?) {
        if end(id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn due(limit: u32) -> Result<Vec<String>> {
    let running = eq("status", Status::Running.word());
    let found = DUE
        .query()
        .filter(running.and(le("dueAt", clock::now_ms())))
        .sort_asc("dueAt")
        .limit(limit)
        .fields(&["dueAt"])
        .run()?;
    Ok(found.items.into_iter().map(|stored| stored.id).collect())
}

/// Ends the attempt that is due. False if it is not any more: its worker has just reported.
fn end(id: &str) -> Result<bool> {
    let Some(mut run) = RUNS.get(id)? else {
        return Ok(false);
    };
    let now = clock::now_ms();
    if run.due_at.is_none_or(|due_at| due_at > now) {
        return Ok(false);
    }
    run.give_up();
    if !stop(&mut run)? {
        lose(&mut run)?;
    }
    run::change(id, &run)?;
    Ok(true)
}

/// Ends a run that somebody has cancelled or that has taken too long; whether it was so.
pub fn stop(run: &mut Run) -> Result<bool> {
    let now = clock::now_ms();
    let is_late = run
        .lease
        .as_ref()
        .is_some_and(|lease| lease.deadline <= now);
    if run.cancelling {
        run.finish(Status::Cancelled, None)?;
    } else if is_late {
        let reason = format!("It took longer than {} seconds.", run.timeout_seconds);
        run.finish(Status::TimedOut, Some(reason))?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn lose(run: &mut Run) -> Result<()> {
    if run.may_try_again() {
        return run.requeue("The worker said nothing any more.");
    }
    let reason = format!(
        "The worker said nothing any more, as those of {} attempts.",
        run.max_attempts
    );
    run.finish(Status::Errored, Some(reason))
}
