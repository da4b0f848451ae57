//! How many events a second a plugin handles, each in a transaction of its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::process;

/// The measuring program: an example of the crate `stoa-testkit`, because a host's clients can't raise events.
pub const PROGRAM: &str = "events";
/// Where it finds the guest that handles them.
const GUESTS_VARIABLE: &str = "STOA_TEST_GUESTS";

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
    let program = stoa.with_file_name("examples").join(PROGRAM);
    if !program.exists() {
        bail!("no {}: build it, or leave --stoa out", program.display());
    }
    let said = process::output(Command::new(program).env(GUESTS_VARIABLE, guests))?;
    let cases = said
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    cases.collect()
}
