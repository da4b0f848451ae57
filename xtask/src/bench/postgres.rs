//! A PostgreSQL cluster of our own, with Debian's defaults: a commit is on disk before it is acknowledged.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::prerequisites;
use crate::process;
use crate::running::{Running, free_address};

/// Where Debian keeps the server's programs, one folder per version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root; this is Debian's user for it.
const USER: &str = "postgres";

/// Makes a cluster below `folder` and starts it.
pub fn start(folder: &Path) -> Result<(Running, SocketAddr)> {
    let programs = programs()?;
    let data = folder.join("postgres");
    fs::create_dir(&data)?;
    let user = if prerequisites::is_root() {
        Some(ids()?)
    } else {
        None
    };
    if let Some((uid, gid)) = user {
        chown(&data, Some(uid), Some(gid))?;
    }
    let program = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.current_dir(&data);
        if let Some((uid, gid)) = user {
            command.uid(uid).gid(gid);
        }
        command
    };
    let mut initdb = program("initdb");
    initdb
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
        ])
        .arg(&data);
    process::output(&mut initdb)?;
    let address = free_address()?;
    let mut postgres = program("postgres");
    postgres
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-p", &address.port().to_string()]);
    postgres.args(["-c", "fsync=on", "-c", "synchronous_commit=on"]);
    postgres
        .arg("-c")
        .arg(format!("unix_socket_directories={}", data.display()));
    let mut running = Running::start("PostgreSQL", &mut postgres, folder.join("postgres.log"))?;
    running.wait_until(|| TcpStream::connect(address).is_ok())?;
    Ok((running, address))
}

/// The newest version's programs.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN_FOLDER).with_context(|| DEBIAN_FOLDER.to_owned())?;
    let newest = versions
        .flatten()
        .map(|entry| entry.path())
        .max_by_key(|path| version(path));
    Ok(newest
        .context("no version of PostgreSQL is installed")?
        .join("bin"))
}

fn version(folder: &Path) -> u32 {
    folder
        .file_name()
        .and_then(|name| name.to_str()?.parse().ok())
        .unwrap_or(0)
}

fn ids() -> Result<(u32, u32)> {
    let id = |flag: &str| -> Result<u32> {
        Ok(process::output(Command::new("id").args([flag, USER]))?
            .trim()
            .parse()?)
    };
    Ok((id("-u")?, id("-g")?))
}
