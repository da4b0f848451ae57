//! Units of work of the host's own services, which run again when others were faster.

use std::sync::Arc;

use crate::answer::in_flight;
use crate::error::Problem;
use crate::records::RETRY_AFTER_S;
use crate::store::{CommitError, UnitOfWork};

/// Runs of one unit of work: of so many that want the same record at once, one gets through at each round.
const TRIES_MAX: u32 = 64;

/// Where a service begins and commits its units of work.
pub trait Units {
    /// A unit of work with the service's types.
    type Unit: Clone;

    /// Begins one.
    ///
    /// # Errors
    /// 503 when the store can't be reached.
    fn begin(&self) -> impl Future<Output = Result<Self::Unit, Problem>> + Send;

    /// What it is of the store's.
    fn of_store(unit: &Self::Unit) -> &Arc<dyn UnitOfWork>;

    /// Commits one, and sees to what follows from that.
    ///
    /// # Errors
    /// As [`UnitOfWork::commit`].
    fn commit(&self, unit: &Self::Unit) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Waits before another attempt after this one, as [`crate::retry::pause`] says.
    fn pause(&self, attempt: u32) -> impl Future<Output = ()> + Send;
}

/// Runs `work` and commits what it wrote; after a conflict, again from the start. An error commits nothing, and is told
/// only if what it rests on still holds: of two who race, the slower one may have seen half of what the faster one did.
///
/// # Errors
/// Those of `work`; 503 when the store can't be reached; 409 when others were faster all the time.
pub async fn transact<U: Units, T, F>(units: &U, work: impl Fn(U::Unit) -> F) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    for attempt in 0..TRIES_MAX {
        let unit = units.begin().await?;
        match work(unit.clone()).await {
            Ok(done) => match units.commit(&unit).await {
                Ok(()) => return Ok(done),
                Err(CommitError::Conflict) => {}
                // By another host: what it answered is there for the next repetition.
                Err(CommitError::Answered) => return Err(in_flight()),
                Err(error) => return Err(Problem::unavailable(RETRY_AFTER_S, error.to_string())),
            },
            Err(problem) if was_right(&**U::of_store(&unit)).await => return Err(problem),
            Err(_) => {}
        }
        units.pause(attempt).await;
    }
    Err(Problem::new(
        409,
        "conflict",
        "Too many requests changed the same thing at once; try again.",
    ))
}

/// Forgets what was written; whether what was read is still so.
async fn was_right(unit: &dyn UnitOfWork) -> bool {
    unit.rollback_to(0);
    !matches!(unit.commit().await, Err(CommitError::Conflict))
}
