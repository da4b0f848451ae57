//! `stoa config check`: whether a host would start with this configuration, without starting one.

use std::io::{self, Write as _};

use clap::Subcommand;

use super::config_file::ConfigFile;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Subcommand)]
enum Command {
    /// Reads everything as `serve` would and prints the result without its secrets.
    Check,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    match args.command {
        Command::Check => Ok(writeln!(io::stdout(), "{:#?}", args.config.load()?)?),
    }
}
