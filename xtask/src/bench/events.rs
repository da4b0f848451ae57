//! How many events a second a plugin handles, each in a transaction of its own.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{cases, guest_program};

/// The measuring program: an example of the crate `stoa-testkit`, because a host's clients can't raise events.
pub const PROGRAM: &str = "events";

/// One case of it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Handled {
    pub case: String,
    /// `memory`, or `disk` where each commit is synced.
    pub store: String,
    pub events: u32,
    pub keys: u32,
    pub per_second: f64,
}

/// Runs the program that was built beside `stoa`.
pub fn run(stoa: &Path, guests: &Path) -> Result<Vec<Handled>> {
    println!("events handled");
    cases(&mut guest_program(stoa, PROGRAM, guests)?)
}
