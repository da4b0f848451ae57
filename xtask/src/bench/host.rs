//! Stoa as it would run in production, with the demo data.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::processes;
use crate::client;
use crate::running::{Running, free_address};
use crate::workspace;

/// What differs from the defaults: the demo shop and its tokens, and no limit on how often one address may call,
/// since the load comes from one.
const SETTINGS: &[(&str, &str)] = &[
    ("STOA_STORE__SYNC", "every"),
    ("STOA_DEV__TOKENS", "true"),
    ("STOA_DEV__DEMO", "config/demo"),
    ("STOA_DEV__NATIVE_BENCH", "true"),
    ("STOA_LIMITS__ENABLED", "false"),
    ("STOA_IDENTITY__LIFETIME_S", "86400"),
    ("STOA_LOG__FILTER", "warn"),
];

/// A running host.
pub struct Host {
    running: Running,
    address: SocketAddr,
}

impl Host {
    /// Starts it on its data below `folder` and waits until all its plugins are ready.
    pub fn start(
        stoa: &Path,
        folder: &Path,
        plugins: &Path,
        more: &[(&str, &str)],
    ) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(stoa);
        command.arg("serve").current_dir(workspace::root());
        command.envs(SETTINGS.iter().chain(more).copied());
        command.env("STOA_HTTP__LISTEN", address.to_string());
        command
            .env("STOA_DATA__DIR", folder.join("data"))
            .env("STOA_PLUGINS__DIR", plugins);
        let mut running = Running::start("stoa", &mut command, folder.join("stoa.log"))?;
        running.wait_until(|| client::is_ok(address, "/health"))?;
        Ok(Self { running, address })
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that makes up the service.
    pub fn processes(&self) -> Vec<u32> {
        vec![self.running.id()]
    }

    /// What it holds.
    pub fn memory_bytes(&self) -> Result<u64> {
        processes::memory_bytes(&self.processes())
    }
}
