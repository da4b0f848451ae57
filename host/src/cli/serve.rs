//! `stoa serve`: the host.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::config::Config;
use crate::{shutdown, telemetry, wiring};

#[derive(clap::Args)]
pub struct Args {
    /// The configuration file; only defaults and environment if absent.
    #[arg(long)]
    config: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref())?;
    telemetry::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(serve(&config, args.config.as_deref()))
}

async fn serve(config: &Config, file: Option<&Path>) -> anyhow::Result<()> {
    let shutdown = shutdown::requested().context("cannot receive signals")?;
    wiring::build(config, file).await?.serve(shutdown).await
}
