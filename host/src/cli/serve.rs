//! `stoa serve`: the host.

use std::path::Path;

use anyhow::Context as _;
use futures::FutureExt as _;
use stoa_telemetry::Telemetry;
use stoa_web::Metrics;

use super::config_file::ConfigFile;
use crate::config::Config;
use crate::{descriptors, shutdown, telemetry, wiring};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigFile,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.config.load()?;
    let telemetry = telemetry::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .on_thread_start(stoa_kernel::importance::answer_soon)
        .on_thread_park(stoa_web::thread_rests)
        .enable_all()
        .build()
        .context("cannot start threads")?;
    runtime.block_on(serve(&config, args.config.path(), telemetry))
}

async fn serve(
    config: &Config,
    file: Option<&Path>,
    telemetry: Option<Telemetry>,
) -> anyhow::Result<()> {
    let shutdown = shutdown::requested().context("cannot receive signals")?;
    let shutdown = shutdown.shared();
    descriptors::raise(config.http.connections_max);
    // Before anything counts: a counter that is made earlier counts for nobody.
    let metrics = Metrics::install()?;
    let sending = telemetry.map(|telemetry| telemetry.start(move || metrics.render()));
    let served = async {
        let built = tokio::select! {
            built = wiring::build(config, file) => built,
            // What it has begun is undone or gone on with at the next start, as after a crash.
            () = shutdown.clone() => return Ok(()),
        };
        built?.serve(shutdown).await
    };
    let served = served.await;
    if let Some(sending) = sending {
        sending.stop().await;
    }
    served
}
