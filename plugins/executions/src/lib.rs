//! Test runs: queued by people, taken by workers under a lease, with logs, results and artefacts.
//!
//! A run is one small document, which every report of its worker writes; its lease says whose it is, and until when. All
//! that makes a run finish or go back to the queue is in [`run`]; [`announce`] tells the others.

mod announce;
mod artefacts;
mod attempt;
mod chance;
mod check;
mod chunks;
mod complete;
mod create;
mod decide;
mod junit;
mod lease;
mod limits;
mod listing;
mod logs;
mod personal;
mod progress;
mod reap;
mod results;
mod run;
mod slots;
mod spec;
mod status;
#[cfg(test)]
mod tests;
mod view;

use crate::artefacts::{add_artefact, link_artefact, list_artefacts, sweep, sweep_on};
use crate::complete::complete;
use crate::create::create;
use crate::decide::{cancel, retry};
use crate::lease::lease;
use crate::listing::{list, show};
use crate::logs::read_log;
use crate::personal::{forget, personal_data};
use crate::progress::progress;
use crate::reap::reap;
use crate::results::list_results;

stoa_guest::plugin!("plugin.toml");
