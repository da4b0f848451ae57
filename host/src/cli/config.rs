//! `stoa config check`: whether a host would start with this configuration, without starting one.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Subcommand;

use crate::config::Config;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads everything as `serve` would and prints the result without its secrets.
    Check {
        /// The configuration file; only defaults and environment if absent.
        #[arg(long)]
        config: Option<PathBuf>,
    },
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let Command::Check { config } = &args.command;
    Ok(writeln!(
        io::stdout(),
        "{:#?}",
        Config::load(config.as_deref())?
    )?)
}
