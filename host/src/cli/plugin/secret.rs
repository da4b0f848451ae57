//! `stoa plugin secret`: what is kept for a plugin. Values come from a file or standard input: arguments are everybody's
//! to read.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::remote::{Remote, print, query};

/// Bytes that are read at most; the host takes fewer.
const READ_BYTES_MAX: u64 = 64 << 10;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Sets a secret to what standard input or a file says, but for line ends at its end.
    Set(Set),
    /// Prints which secrets there are, what for, and who set them; never a value.
    List(Place),
    /// Forgets a secret.
    Remove(Named),
}

/// Of which plugin, where.
#[derive(clap::Args)]
struct Place {
    /// The plugin's name.
    plugin: String,
    /// An operator's: for this tenant instead of the deployment.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(clap::Args)]
struct Named {
    #[command(flatten)]
    place: Place,
    /// The secret's name in the manifest.
    secret: String,
}

#[derive(clap::Args)]
struct Set {
    #[command(flatten)]
    named: Named,
    /// The file that holds the value; standard input if absent.
    #[arg(long)]
    file: Option<PathBuf>,
    /// The value before goes on beside the new one for what is verified by it, until the secret is set again.
    #[arg(long)]
    keep_before: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Set(set) => set.run(),
        Command::List(place) => {
            let path = format!("/plugins/{}/secrets{}", place.plugin, place.query());
            print(&place.remote.get(&path)?);
            Ok(())
        }
        Command::Remove(named) => {
            let path = format!("{}{}", named.path(), named.place.query());
            named.place.remote.delete(&path).map(drop)
        }
    }
}

impl Place {
    fn query(&self) -> String {
        query([("tenant", self.tenant.as_ref())])
    }
}

impl Named {
    fn path(&self) -> String {
        format!("/plugins/{}/secrets/{}", self.place.plugin, self.secret)
    }
}

impl Set {
    fn run(&self) -> anyhow::Result<()> {
        let value = self.value()?;
        let mut body = json!({
            "value": value.trim_end_matches(['\r', '\n']),
            "keepBefore": self.keep_before,
        });
        let place = &self.named.place;
        if let (Some(tenant), Some(members)) = (&place.tenant, body.as_object_mut()) {
            members.insert("tenant".into(), json!(tenant));
        }
        place.remote.put(&self.named.path(), &body).map(drop)
    }

    fn value(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        match &self.file {
            Some(file) => {
                let here = || file.display().to_string();
                let opened = std::fs::File::open(file).with_context(here)?;
                let read = opened.take(READ_BYTES_MAX).read_to_string(&mut text);
                read.with_context(here)?;
            }
            None => {
                let read = std::io::stdin()
                    .take(READ_BYTES_MAX)
                    .read_to_string(&mut text);
                read.context("standard input")?;
            }
        }
        Ok(text)
    }
}
