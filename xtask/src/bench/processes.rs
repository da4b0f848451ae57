//! How much memory processes hold, their children included.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};

/// Proportional set size of the processes and all their descendants: what several share counts once.
pub fn bytes(roots: &[u32]) -> Result<u64> {
    let children = children()?;
    let mut waiting = roots.to_vec();
    let mut total = 0;
    while let Some(process) = waiting.pop() {
        total += own_bytes(process)?;
        waiting.extend(children.get(&process).into_iter().flatten());
    }
    Ok(total)
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
        if let Some(parent) = parent(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    Ok(children)
}

/// The fourth field of `stat`; the second, a name in parentheses, may hold spaces.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

fn own_bytes(process: u32) -> Result<u64> {
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
        assert!(bytes(&[std::process::id()]).unwrap() > 100_000);
        assert_eq!(
            parent(std::process::id()).unwrap(),
            std::os::unix::process::parent_id()
        );
    }
}
