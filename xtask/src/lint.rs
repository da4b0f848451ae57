//! `cargo xtask lint`: formatting, clippy and the house rules.

use anyhow::Result;

use crate::process;
use crate::tidy;
use crate::workspace;

pub fn run() -> Result<()> {
    let mut fmt = process::cargo();
    process::run(
        fmt.args(["fmt", "--all", "--check"])
            .current_dir(workspace::root()),
    )?;
    tidy::run()?;
    let mut clippy = process::cargo();
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    process::run(clippy.current_dir(workspace::root()))
}
