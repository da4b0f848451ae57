//! Clients that never wait for a processor, as if they had machines of their own.
//!
//! The load runs on the machine of the server. Beside threads that compute for long the system's scheduler lets a
//! client that an answer wakes up wait longer than the answer took, and that is nothing that the server can help. So those who measure
//! what others feel come first wherever the system lets us say so, which it does for root.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::process;

/// Runs programs before all others (chrt(1)).
const CHRT: &str = "chrt";
/// As soon as it can run, until it waits; of such, the last.
const FIRST: [&str; 2] = ["--fifo", "1"];
/// Where the calling thread is told its number: the last part of what this points to.
const SELF: &str = "/proc/thread-self";

/// Whether the system lets clients come first.
pub fn come_first() -> bool {
    static LETS: OnceLock<bool> = OnceLock::new();
    *LETS.get_or_init(|| {
        let mut harmless = Command::new(CHRT);
        harmless.args(FIRST).arg("true").stderr(Stdio::null());
        harmless.status().is_ok_and(|status| status.success())
    })
}

/// A program that comes first if it may.
pub fn command(program: &str) -> Command {
    if !come_first() {
        return Command::new(program);
    }
    let mut command = Command::new(CHRT);
    command.args(FIRST).arg(program);
    command
}

/// Lets the calling thread come first if it may.
pub fn this_thread_comes_first() -> Result<()> {
    if !come_first() {
        return Ok(());
    }
    let path = fs::read_link(SELF).context(SELF)?;
    let thread = path.file_name().context("a thread without a number")?;
    let [policy, priority] = FIRST;
    let mut change = Command::new(CHRT);
    change
        .args([policy, "--pid", priority])
        .arg(Path::new(thread));
    process::run(&mut change)
}
