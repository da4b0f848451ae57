//! What a hello takes inside of the process, where no network and no client take their share.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::{cases, guest_program};

/// The measuring program: an example of the crate `stoa-testkit`, because no client sees the inside.
pub const PROGRAM: &str = "sandbox";
/// Where it finds plugins.
const PLUGINS_VARIABLE: &str = "STOA_TEST_PLUGINS";

/// One case of it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Hello {
    /// Through which kind of instance.
    pub case: String,
    pub calls: u32,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Runs the program that was built beside `stoa`.
pub fn run(stoa: &Path, plugins: &Path, guests: &Path) -> Result<Vec<Hello>> {
    println!("hello in process");
    let mut program = guest_program(stoa, PROGRAM, guests)?;
    cases(program.env(PLUGINS_VARIABLE, plugins))
}
