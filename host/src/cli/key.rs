//! `stoa key`: the key that signs access tokens.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use stoa_identity::SigningKey;

use super::config_file::ConfigFile;
use crate::config::Config;
use crate::keyfile;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a new key that signs from the host's next start on. What the present one has signed stays good.
    Rotate,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let config = args.config.load()?;
    match args.command {
        Command::Rotate => rotate(&config),
    }
}

fn rotate(config: &Config) -> anyhow::Result<()> {
    if config.identity.signing_key_der()?.is_some() {
        bail!(
            "identity.signing_key gives the key: put a new one there, and the old one's public half, the `x` of \
             /.well-known/jwks.json, into identity.retired_keys"
        );
    }
    let file = config.signing_key_file();
    if let Ok(der) = std::fs::read(&file) {
        let retired = config.retired_keys_dir();
        std::fs::create_dir_all(&retired).with_context(|| retired.display().to_string())?;
        let id = SigningKey::from_pkcs8(&der)?.id().to_owned();
        let kept = retired.join(id).with_extension("der");
        std::fs::rename(&file, &kept).with_context(|| kept.display().to_string())?;
    }
    let der = keyfile::read_or_create(&file, || Ok(SigningKey::generate()?.to_pkcs8().to_vec()))?;
    println!("{}", SigningKey::from_pkcs8(&der)?.id());
    Ok(())
}
