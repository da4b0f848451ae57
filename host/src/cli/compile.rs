//! `stoa compile IN OUT`: the compiler's own process, so that a hostile component can kill nothing else.

use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// A component.
    input: PathBuf,
    /// Where its code goes.
    output: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    Ok(stoa_runtime::compile_file(&args.input, &args.output)?)
}
