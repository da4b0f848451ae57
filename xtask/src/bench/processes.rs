//! What processes take of the machine, their children included.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context, Result};

use crate::process;

/// Fields of `stat` behind the name: the parent, and the time in the program and in the kernel (`man 5 proc`).
const PARENT: usize = 1;
const TIMES: [usize; 2] = [11, 12];

/// Proportional set size of the processes and all their descendants: what several share counts once.
pub fn memory_bytes(roots: &[u32]) -> Result<u64> {
    all(roots)?.into_iter().map(own_memory_bytes).sum()
}

/// Processor time of the processes and all their descendants since they began, in the program and in the kernel.
pub fn cpu_us(roots: &[u32]) -> Result<u64> {
    let ticks_per_second: u64 = process::output(Command::new("getconf").arg("CLK_TCK"))?
        .trim()
        .parse()?;
    // A backend of PostgreSQL may end while we look.
    let times = |process| TIMES.map(|at| field::<u64>(process, at).unwrap_or_default());
    let ticks: u64 = all(roots)?.into_iter().flat_map(times).sum();
    Ok(ticks * 1_000_000 / ticks_per_second)
}

/// These and all their descendants.
fn all(roots: &[u32]) -> Result<Vec<u32>> {
    let children = children()?;
    let mut waiting = roots.to_vec();
    let mut all = Vec::new();
    while let Some(process) = waiting.pop() {
        all.push(process);
        waiting.extend(children.get(&process).into_iter().flatten());
    }
    Ok(all)
}

/// Children by parent.
fn children() -> Result<HashMap<u32, Vec<u32>>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process may end while we look.
        if let Some(parent) = field(process, PARENT) {
            children.entry(parent).or_default().push(process);
        }
    }
    Ok(children)
}

/// A field of `stat` behind the second one, a name in parentheses that may hold spaces.
fn field<T: FromStr>(process: u32, at: usize) -> Option<T> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(at)?
        .parse()
        .ok()
}

fn own_memory_bytes(process: u32) -> Result<u64> {
    let file = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&file).with_context(|| file.clone())?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .with_context(|| file.clone())?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1024)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn this_process_holds_something_and_has_a_parent() {
        assert!(memory_bytes(&[std::process::id()]).unwrap() > 100_000);
        let parent: u32 = field(std::process::id(), PARENT).unwrap();
        assert_eq!(parent, std::os::unix::process::parent_id());
    }

    #[test]
    fn a_process_that_computes_takes_time() {
        let begun = cpu_us(&[std::process::id()]).unwrap();
        // A tick is a hundredth of a second; looking takes a tenth of one.
        let mut seen = (0..10_000).map(|_| cpu_us(&[std::process::id()]).unwrap());
        assert!(seen.any(|now| now > begun));
    }
}
