//! `stoa serve`: the host.

use std::path::Path;

use anyhow::Context as _;

use super::config_file::ConfigFile;
use crate::config::Config;
use crate::{shutdown, telemetry, wiring};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigFile,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.config.load()?;
    telemetry::start(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(serve(&config, args.config.path()))
}

async fn serve(config: &Config, file: Option<&Path>) -> anyhow::Result<()> {
    let shutdown = shutdown::requested().context("cannot receive signals")?;
    wiring::build(config, file).await?.serve(shutdown).await
}
