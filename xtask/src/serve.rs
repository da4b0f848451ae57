//! `cargo xtask serve`: from sources to an answering host.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::guests::{self, Batch, Profile};
use crate::prerequisites::Consent;
use crate::process;
use crate::test;
use crate::workspace::{self, Workspace};

/// The configuration of a developer's host.
const CONFIG: &str = "config/dev.toml";
/// The variable that overrides the address of the configuration.
const LISTEN_VARIABLE: &str = "STOA_HTTP__LISTEN";

#[derive(clap::Args)]
pub struct Args {
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let workspace = Workspace::load()?;
    let stoa = prepare(&workspace, Profile::Guest, Consent::from_flag(args.yes))?;
    Err(become_host(&workspace, stoa)?)
}

/// Builds the plugins and the host; answers the host's program.
pub fn prepare(workspace: &Workspace, profile: Profile, consent: Consent) -> Result<PathBuf> {
    test::ensure_prerequisites(consent)?;
    guests::build(workspace, profile, consent, &[Batch::plugins(workspace)?])?;
    let mut cargo = process::cargo();
    process::run(
        cargo
            // The whole workspace selects the same features as the tests do: no dependency is built twice.
            .args(["build", "--workspace", "--bin", "stoa"])
            .current_dir(workspace::root()),
    )?;
    Ok(workspace.target.join("debug").join("stoa"))
}

/// Replaces this process by the host, so that Ctrl-C and every other signal is the host's own business.
/// It returns only when that fails.
pub fn become_host(workspace: &Workspace, stoa: PathBuf) -> Result<anyhow::Error> {
    greet(listen()?);
    let mut command = Command::new(&stoa);
    command
        .args(["serve", "--config", CONFIG])
        .current_dir(workspace::root());
    command.env("STOA_PLUGINS__DIR", workspace.plugins_dir());
    Ok(anyhow::Error::from(command.exec()).context(stoa.display().to_string()))
}

fn greet(listen: SocketAddr) {
    println!("\n  Stoa    http://{listen}");
    println!("  API     http://{listen}/docs");
    println!("  try     curl -s 'http://{listen}/api/marketplace/products?limit=2'");
    println!("  stop    Ctrl-C\n");
}

/// Where the host will listen.
fn listen() -> Result<SocketAddr> {
    let text = match std::env::var(LISTEN_VARIABLE) {
        Ok(text) => text,
        Err(_) => listen_of_config()?,
    };
    text.parse()
        .with_context(|| format!("{text:?} is no address"))
}

fn listen_of_config() -> Result<String> {
    let file = workspace::root().join(CONFIG);
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let config: toml::Table = text.parse().with_context(|| file.display().to_string())?;
    let listen = config
        .get("http")
        .and_then(|http| http.get("listen"))
        .and_then(toml::Value::as_str);
    Ok(listen
        .with_context(|| format!("{CONFIG} has no http.listen"))?
        .to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_developers_configuration_says_where_it_listens() {
        let address: SocketAddr = listen_of_config().unwrap().parse().unwrap();
        assert!(address.ip().is_loopback());
    }
}
