//! How many runs may run at the same time. What the plan allows is so many places, each a document of its own while it
//! is taken: two workers meet only if they chose the same one, where a single counter would be everybody's.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::chance;

const SLOTS: Collection<Slot> = Collection::new("slots");

/// The plan's limit.
const LIMIT: &str = "running-tests";

/// Places at most, so that one page shows which are taken. A plan that allows more allows this many.
const SLOTS_MAX: u32 = 200;

/// Places that are tried in one request; who finds them all taken asks again.
const TRIES_MAX: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Slot {
    run_id: String,
}

/// What became of the wish for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The plan does not count.
    Unbounded,
    Taken(u32),
    /// Everything is taken.
    None,
}

/// Takes a place for a run.
pub fn take(run_id: &str) -> Result<Place> {
    let plan = plans::current()?;
    let limit = plan.limits.into_iter().find(|(name, _)| name == LIMIT);
    let Some(running_max) = limit.and_then(|(_, max)| max) else {
        return Ok(Place::Unbounded);
    };
    let running_max = u32::try_from(running_max)
        .unwrap_or(SLOTS_MAX)
        .min(SLOTS_MAX);
    let taken = SLOTS.query().limit(SLOTS_MAX).run()?.items;
    let is_free = |number: &u32| !taken.iter().any(|slot| slot.id == number.to_string());
    let free: Vec<u32> = (0..running_max).filter(is_free).collect();
    // A plan that has become smaller: who runs goes on, nobody begins.
    if taken.len() >= running_max as usize {
        return Ok(Place::None);
    }
    let slot = Slot {
        run_id: run_id.into(),
    };
    for number in chance::shuffled(&free).into_iter().take(TRIES_MAX) {
        match SLOTS.create(&number.to_string(), &slot) {
            Ok(_) => return Ok(Place::Taken(*number)),
            // Taken since the question.
            Err(StorageError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Place::None)
}

/// Gives a place back.
pub fn give_back(slot: Option<u32>) -> Result<()> {
    if let Some(number) = slot {
        SLOTS.delete(&number.to_string())?;
    }
    Ok(())
}
