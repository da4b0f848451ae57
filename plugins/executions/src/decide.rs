//! What people decide about a run: that it ends, and that it is run once more.

use stoa_guest::prelude::*;

use crate::run::{self, Run};
use crate::spec::SPECS;
use crate::status::Status;
use crate::view::RunView;

/// Attempts of a run in all: what needs more is another run.
const ATTEMPTS_MAX: u32 = 1_000;

/// A queued run ends at once. A running one ends when its worker reports or is given up: until then, the worker is at
/// work. Cancelling again changes nothing.
pub fn cancel(Path(id): Path<String>) -> Result<Json<RunView>> {
    let mut run = run::find(&id)?;
    match run.status {
        Status::Queued => run.finish(Status::Cancelled, None)?,
        Status::Running if !run.cancelling => run.cancelling = true,
        Status::Running | Status::Cancelled => return Ok(Json(RunView::of(id, run))),
        _ => {
            let detail = "It has finished already.";
            return Err(Problem::conflict("finished", detail));
        }
    }
    changed(id, run)
}

/// A finished run, however it ended, waits for a worker again, under the same id and with its log.
pub fn retry(Path(id): Path<String>) -> Result<Json<RunView>> {
    let mut run = run::find(&id)?;
    if !run.status.is_final() {
        let detail = "It has not finished yet.";
        return Err(Problem::conflict("not-finished", detail));
    }
    if run.attempt >= ATTEMPTS_MAX {
        let detail = format!("It has been tried {ATTEMPTS_MAX} times; make a new one.");
        return Err(Problem::conflict("too-many-attempts", detail));
    }
    let Some(spec) = SPECS.get(&id)? else {
        let detail = "What it was to do is not kept any more; make a new one.";
        return Err(Problem::conflict("expired", detail));
    };
    // Written again, it is kept as long as the run.
    SPECS.put(&id, &spec)?;
    run.queue();
    changed(id, run)
}

fn changed(id: String, run: Run) -> Result<Json<RunView>> {
    run::change(&id, &run)?;
    Ok(Json(RunView::of(id, run)))
}
