//! `stoa plugin usage`: what a plugin has used, by tenant.

use form_urlencoded::Serializer;

use super::remote::{Remote, print};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name.
    plugin: String,
    /// An operator's: of this tenant alone.
    #[arg(long)]
    tenant: Option<String>,
    /// Tenants at most.
    #[arg(long, default_value_t = 200)]
    limit: u32,
    /// `nextCursor` of the page before.
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &args.limit.to_string());
    for (name, value) in [("tenant", &args.tenant), ("cursor", &args.cursor)] {
        query.extend_pairs(value.as_ref().map(|value| (name, value)));
    }
    let path = format!("/plugins/{}/usage?{}", args.plugin, query.finish());
    print(&args.remote.get(&path)?);
    Ok(())
}
