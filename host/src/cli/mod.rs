//! What the binary can be asked to do; one file per command.

mod compile;
mod config;
mod config_file;
mod events;
mod key;
mod plugin;
mod serve;
mod tenant;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Stoa: one roof for many plugins.
#[derive(Parser)]
#[command(name = "stoa", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the host until it is told to stop.
    Serve(serve::Args),
    /// About the configuration.
    Config(config::Args),
    /// Makes and lists people, and says what they may do. The host has to be stopped.
    User(user::Args),
    /// Makes and lists organisations. The host has to be stopped.
    Tenant(tenant::Args),
    /// Shows events that wait or could not be handled, and has them delivered once more. The host has to be stopped.
    Events(events::Args),
    /// About the key that signs access tokens.
    Key(key::Args),
    /// Makes, builds, tries and signs plugins, and says to a running host which of them should serve.
    Plugin(plugin::Args),
    /// Compiles one component; the host calls itself with this.
    #[command(hide = true)]
    Compile(compile::Args),
}

/// A role by its word.
fn role(word: &str) -> Result<stoa_kernel::identity::Role, String> {
    serde_json::from_value(serde_json::json!(word))
        .map_err(|_| "admin, developer, viewer, vendor, user or worker".to_owned())
}

/// Does what the command line says; an error is printed with its causes.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Config(args) => config::run(&args),
        Command::User(args) => user::run(&args),
        Command::Tenant(args) => tenant::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Key(args) => key::run(&args),
        Command::Plugin(args) => plugin::run(&args),
        Command::Compile(args) => compile::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
