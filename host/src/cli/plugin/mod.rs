//! `stoa plugin …`: what the author of a plugin needs, from an empty folder to a file that a host takes, and what says
//! to a running host which plugins should serve.

mod activations;
mod build;
mod check;
mod dev;
mod diff;
mod inspect;
mod key;
mod logs;
mod new;
mod pack;
mod publish;
mod remote;
mod secret;
mod settings;
mod sign;
mod test;
mod usage;

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
    /// Makes a key that signs plugins and prints its public half.
    Key(key::Args),
    /// Adds a signature to a plugin's file.
    Sign(sign::Args),
    /// Uploads a plugin's file.
    Publish(publish::Args),
    /// Lets a version serve; it waits for approval if it asks for more than the one before.
    Install(activations::Install),
    /// Lets serve what waits, or offers a version to tenants.
    Approve(activations::Approve),
    /// Goes back to the activation before.
    Rollback(activations::Switch),
    /// Lets a plugin serve nothing.
    Disable(activations::Switch),
    /// Lets serve again what was disabled.
    Enable(activations::Switch),
    /// Prints what one version has that another has not.
    Diff(diff::Args),
    /// Prints what serves where, what waits, and how it is.
    Inspect(inspect::Args),
    /// Prints what a plugin has logged.
    Logs(logs::Args),
    /// Prints, sets and brings back what is set for a plugin.
    Settings(settings::Args),
    /// Sets, lists and removes what is kept for a plugin and shown to nobody.
    Secret(secret::Args),
    /// Prints what a plugin has used, by tenant, and how its calls went.
    Usage(usage::Args),
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
        Command::Key(args) => key::run(args),
        Command::Sign(args) => sign::run(args),
        Command::Publish(args) => publish::run(args),
        Command::Install(args) => args.run(),
        Command::Approve(args) => args.run(),
        Command::Rollback(args) => args.run("rollback"),
        Command::Disable(args) => args.run("disable"),
        Command::Enable(args) => args.run("enable"),
        Command::Diff(args) => diff::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Logs(args) => logs::run(args),
        Command::Settings(args) => settings::run(args),
        Command::Secret(args) => secret::run(args),
        Command::Usage(args) => usage::run(args),
    }
}
