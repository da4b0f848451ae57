//! `stoa plugin inspect`: what serves where.

use super::remote::{Remote, print};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name; all plugins if absent.
    plugin: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let path = match &args.plugin {
        Some(plugin) => format!("/plugins/{plugin}"),
        None => "/plugins?limit=200".to_owned(),
    };
    print(&args.remote.get(&path)?);
    Ok(())
}
