//! What the binary can be asked to do; one file per command.

mod compile;
mod config;
mod serve;

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
    /// Compiles one component; the host calls itself with this.
    #[command(hide = true)]
    Compile(compile::Args),
}

/// Does what the command line says; an error is printed with its causes.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Config(args) => config::run(&args),
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
