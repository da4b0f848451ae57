//! `stoa plugin build`: from a project to the one file that is the plugin.

use anyhow::Result;
use stoa_workshop::build::{self, Options};

use super::ProjectArgs;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Compile quickly rather than for shipping.
    #[arg(long)]
    quick: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let project = args.project.open()?;
    let options = Options {
        quick: args.quick,
        consent: args.project.consent(),
    };
    let built = build::build(&project, options)?;
    println!(
        "{} ({} KiB)",
        built.file.display(),
        built.bytes.div_ceil(1024)
    );
    Ok(())
}
