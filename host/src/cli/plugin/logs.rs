//! `stoa plugin logs`: what a plugin has said.

use anyhow::Context as _;
use serde_json::Value;

use super::remote::Remote;

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name.
    plugin: String,
    /// Lines after the one of this number.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// Lines at most.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// An operator's: of this tenant alone.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let tenant = args.tenant.as_ref();
    let tenant = tenant.map_or(String::new(), |tenant| format!("&tenant={tenant}"));
    let path = format!(
        "/plugins/{}/logs?after={}&limit={}{tenant}",
        args.plugin, args.after, args.limit
    );
    let answer = args.remote.get(&path)?;
    let lines = answer.get("items").and_then(Value::as_array);
    for line in lines.context("the answer has no lines")? {
        let of = |member: &str| line.get(member).and_then(Value::as_str).unwrap_or_default();
        println!(
            "{} {} {} {}",
            of("at"),
            of("level"),
            of("tenant"),
            of("text")
        );
    }
    Ok(())
}
