//! `stoa plugin diff`: what one version has that another has not.

use super::remote::{Remote, print};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name.
    plugin: String,
    /// The version that it is compared with; everything is new if absent.
    #[arg(long)]
    from: Option<String>,
    /// The version.
    #[arg(long)]
    to: String,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let from = args.from.as_ref();
    let from = from.map_or(String::new(), |from| format!("&from={from}"));
    let path = format!("/plugins/{}/diff?to={}{from}", args.plugin, args.to);
    print(&args.remote.get(&path)?);
    Ok(())
}
