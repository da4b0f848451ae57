//! `stoa plugin key`: a key that signs plugins.

use std::path::PathBuf;

use anyhow::bail;
use stoa_registry::SigningKey;

use crate::keyfile;

#[derive(clap::Args)]
pub struct Args {
    /// Where the private key is to be: a file that only this user can read.
    file: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if args.file.exists() {
        bail!("{} exists", args.file.display());
    }
    let der = keyfile::read_or_create(&args.file, || Ok(SigningKey::generate()?))?;
    println!("{}", SigningKey::from_pkcs8(&der)?.public());
    Ok(())
}
