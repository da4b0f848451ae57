//! `stoa plugin …`: what the author of a plugin needs, from an empty folder to a file that a host takes. None of it
//! talks to a host but `dev`.

mod build;
mod check;
mod dev;
mod new;
mod pack;
mod test;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use stoa_workshop::prerequisites::Consent;
use stoa_workshop::project::Project;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a project that builds at once.
    New(new::Args),
    /// Makes the plugin out of the project: one file, `dist/<name>.wasm`.
    Build(build::Args),
    /// Says what a host would say of a plugin, without running it.
    Check(check::Args),
    /// Plays the project's stories on a whole host in memory.
    Test(test::Args),
    /// Builds the project at every save and hands the file to a running host.
    Dev(dev::Args),
    /// Makes a plugin out of one WebAssembly module or component, in whatever language it was written.
    Pack(pack::Args),
}

/// Which project, and whether what it needs may be installed.
#[derive(clap::Args)]
struct ProjectArgs {
    /// The project's folder.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
}

impl ProjectArgs {
    fn open(&self) -> Result<Project> {
        Project::open(&self.dir)
    }

    fn consent(&self) -> Consent {
        Consent::from_flag(self.yes)
    }
}

pub fn run(args: &Args) -> Result<()> {
    match &args.command {
        Command::New(args) => new::run(args),
        Command::Build(args) => build::run(args),
        Command::Check(args) => check::run(args),
        Command::Test(args) => test::run(args),
        Command::Dev(args) => dev::run(args),
        Command::Pack(args) => pack::run(args),
    }
}
