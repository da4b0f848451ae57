//! `stoa plugin pack`: the last step of a build, for languages that have no other.

use std::path::PathBuf;

use anyhow::Result;
use stoa_workshop::pack;

#[derive(clap::Args)]
pub struct Args {
    /// A core module that carries its WIT (as wit-bindgen makes them), or a component.
    binary: PathBuf,
    /// The plugin's manifest.
    #[arg(long, default_value = "plugin.toml")]
    manifest: PathBuf,
    /// A JSON object of JSON Schemas by type name, for languages whose compiler embeds none.
    #[arg(long)]
    schemas: Option<PathBuf>,
    /// Where the plugin goes.
    #[arg(short, long)]
    output: PathBuf,
}

pub fn run(args: &Args) -> Result<()> {
    let schemas = args.schemas.as_deref();
    pack::pack_files(&args.binary, &args.manifest, schemas, &args.output)?;
    println!("{}", args.output.display());
    Ok(())
}
