//! `cargo xtask standins`: services elsewhere on this machine, beside a host that `cargo xtask serve` runs.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{self, Workspace};

/// The program; its name is the binary's.
const PROGRAM: &str = "stoa-standins";

#[derive(clap::Args)]
pub struct Args {
    /// Passed on, such as `--host http://127.0.0.1:9090`; `--help` lists what there is.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let workspace = Workspace::load()?;
    let mut cargo = process::cargo();
    process::run(
        cargo
            // The whole workspace selects the same features as everything else does: no dependency is built twice.
            .args(["build", "--workspace", "--bin", PROGRAM])
            .current_dir(workspace::root()),
    )?;
    let program = workspace.target.join("debug").join(PROGRAM);
    let error = Command::new(&program).args(&args.options).exec();
    Err(anyhow::Error::from(error).context(program.display().to_string()))
}
