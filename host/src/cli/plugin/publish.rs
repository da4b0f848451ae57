//! `stoa plugin publish`: a file on its way to a host's registry.

use std::path::PathBuf;

use anyhow::Context as _;

use super::remote::{Remote, print};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's file.
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let file = std::fs::read(&args.file).with_context(|| args.file.display().to_string())?;
    print(&args.remote.upload("/plugins", file.into())?);
    Ok(())
}
