//! `stoa plugin settings`: what is set for a plugin.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::remote::{Remote, print, query};

#[derive(clap::Args)]
pub struct Args {
    /// The plugin's name.
    plugin: String,
    #[command(subcommand)]
    command: Option<Command>,
    /// An operator's: for this tenant instead of the deployment.
    #[arg(long, global = true)]
    tenant: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Prints what counts, who gave it, and which values there may be.
    Get,
    /// Sets values and leaves the others as they are.
    Set(Set),
    /// Prints every change, the newest first.
    History {
        /// Changes at most.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Sets what was set after an earlier change.
    Restore {
        /// The change's number.
        version: u64,
        /// Why, for those who read the audit.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

#[derive(clap::Args)]
struct Set {
    /// `name=value`, where the value is JSON, or a text as it is.
    #[arg(required_unless_present = "unset")]
    values: Vec<String>,
    /// A setting that is to be as if it had never been set; may be repeated.
    #[arg(long)]
    unset: Vec<String>,
    /// Why, for those who read the audit.
    #[arg(long, default_value = "")]
    reason: String,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let answer = match args.command.as_ref().unwrap_or(&Command::Get) {
        Command::Get => args.get()?,
        Command::Set(set) => args.set(set)?,
        Command::History { limit } => {
            let limit = limit.to_string();
            let asked = [("limit", Some(&limit)), ("tenant", args.tenant.as_ref())];
            args.remote.get(&args.path("/history", &query(asked)))?
        }
        Command::Restore { version, reason } => {
            let body = json!({ "version": version, "reason": reason });
            args.remote
                .post(&args.path("/restore", ""), &args.here(body))?
        }
    };
    print(&answer);
    Ok(())
}

impl Args {
    fn path(&self, what: &str, query: &str) -> String {
        format!("/plugins/{}/settings{what}{query}", self.plugin)
    }

    fn here(&self, mut body: Value) -> Value {
        if let (Some(tenant), Some(members)) = (&self.tenant, body.as_object_mut()) {
            members.insert("tenant".into(), json!(tenant));
        }
        body
    }

    fn get(&self) -> anyhow::Result<Value> {
        let asked = query([("tenant", self.tenant.as_ref())]);
        self.remote.get(&self.path("", &asked))
    }

    /// What is set here with these in their places; nothing is done if somebody else sets something meanwhile.
    fn set(&self, new: &Set) -> anyhow::Result<Value> {
        let now = self.get()?;
        let known = now.get("settings").and_then(Value::as_object);
        let known = known.context("the answer has no settings")?;
        let set = known
            .iter()
            .filter_map(|(name, setting)| Some((name.clone(), setting.get("set")?.clone())));
        let mut set: Map<String, Value> = set.collect();
        for pair in &new.values {
            let (name, value) = parsed(pair)?;
            set.insert(name, value);
        }
        for name in &new.unset {
            set.remove(name);
        }
        let body = json!({ "settings": set, "expected": now.get("version"), "reason": new.reason });
        self.remote.put(&self.path("", ""), &self.here(body))
    }
}

/// `name=value`.
fn parsed(pair: &str) -> anyhow::Result<(String, Value)> {
    let (name, text) = pair
        .split_once('=')
        .with_context(|| format!("{pair:?} is not name=value"))?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_or_a_text() {
        let value = |pair| parsed(pair).unwrap().1;
        assert_eq!(value("tax=8"), json!(8));
        assert_eq!(value("site=Shop & Co = ours"), json!("Shop & Co = ours"));
        assert_eq!(value("list=[1, \"a\"]"), json!([1, "a"]));
        assert_eq!(value("version=\"8\""), json!("8"));
        assert!(parsed("tax").is_err());
    }
}
