//! `stoa plugin sign`: one more signature at the end of a plugin's file.

use std::path::PathBuf;

use anyhow::Context as _;
use stoa_kernel::wit::{Package, signature};
use stoa_registry::{SigningKey, digest};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's file.
    file: PathBuf,
    /// The private key, as `stoa plugin key` makes it.
    #[arg(long)]
    key: PathBuf,
    /// Where the signed file is to be; in place if absent.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let here = || args.file.display().to_string();
    let mut file = std::fs::read(&args.file).with_context(here)?;
    let der = std::fs::read(&args.key).with_context(|| args.key.display().to_string())?;
    let key = SigningKey::from_pkcs8(&der).with_context(|| args.key.display().to_string())?;
    let (content, _) = signature::split(&file).with_context(here)?;
    let manifest = Package::from_file(content).with_context(here)?.manifest;
    let digest = digest(content);
    let signature = key.sign(&manifest.name, &manifest.version, &digest)?;
    signature::append(&mut file, &signature);
    // What was appended must be no more than a host takes.
    signature::split(&file).with_context(here)?;
    let output = args.output.as_ref().unwrap_or(&args.file);
    // Whole or not at all.
    let whole = output.with_extension("signed");
    std::fs::write(&whole, &file).with_context(|| whole.display().to_string())?;
    std::fs::rename(&whole, output).with_context(|| output.display().to_string())?;
    println!("{} {} {digest}", manifest.name, manifest.version);
    Ok(())
}
