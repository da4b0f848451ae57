//! `stoa plugin logs`: what a plugin has said, and says.

use anyhow::Context as _;
use form_urlencoded::Serializer;
use serde_json::Value;

use super::remote::Remote;

/// Seconds that the host waits for a line before it is asked again; it waits no longer than that.
const WAIT_S: &str = "10";

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name.
    plugin: String,
    /// Lines after the one of this number.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// Lines at most; of those that follow, at a time.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// An operator's: of this tenant alone.
    #[arg(long)]
    tenant: Option<String>,
    /// error, warn, info, debug or trace: of this level, and of those that matter more.
    #[arg(long)]
    level: Option<String>,
    /// Of the request with this id alone.
    #[arg(long)]
    request: Option<String>,
    /// Of this trace alone.
    #[arg(long)]
    trace: Option<String>,
    /// Logged at this time or later, such as 2026-01-01T00:00:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Go on with every new line.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    remote: Remote,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let mut after = args.after;
    loop {
        let answer = args.remote.get(&args.path(after))?;
        let lines = answer.get("items").and_then(Value::as_array);
        for line in lines.context("the answer has no lines")? {
            show(line);
            let number = line.get("number").and_then(Value::as_u64);
            after = number.unwrap_or(after);
        }
        if !args.follow {
            return Ok(());
        }
    }
}

impl Args {
    fn path(&self, after: u64) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("after", &after.to_string());
        query.append_pair("limit", &self.limit.to_string());
        for (name, value) in [
            ("tenant", &self.tenant),
            ("level", &self.level),
            ("requestId", &self.request),
            ("traceId", &self.trace),
            ("since", &self.since),
        ] {
            query.extend_pairs(value.as_ref().map(|value| (name, value)));
        }
        if self.follow {
            query.append_pair("wait", WAIT_S);
        }
        format!("/plugins/{}/logs?{}", self.plugin, query.finish())
    }
}

/// What plugins say has no control characters: the host escapes them.
fn show(line: &Value) {
    let of = |member: &str| line.get(member).and_then(Value::as_str).unwrap_or_default();
    println!(
        "{} {} {} {} {}",
        of("at"),
        of("level"),
        of("tenant"),
        of("requestId"),
        of("text")
    );
}
