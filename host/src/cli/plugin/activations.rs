//! `stoa plugin install`, `approve`, `rollback`, `disable` and `enable`: what serves.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::remote::{Refused, Remote, print, text};

/// Whose, why, and as of when.
#[derive(clap::Args)]
struct Common {
    /// The plugin's name.
    plugin: String,
    /// An operator's: for this tenant instead of the deployment.
    #[arg(long)]
    tenant: Option<String>,
    /// Why, for those who read the audit.
    #[arg(long, default_value = "")]
    reason: String,
    /// The newest activation that you know of: nothing is done if there is a newer one.
    #[arg(long)]
    expected: Option<u64>,
    /// Data may be lost by it. Without this, a terminal is asked.
    #[arg(long)]
    accept_loss: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Common {
    fn post(
        &self,
        what: &str,
        more: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> anyhow::Result<()> {
        let own = [
            ("tenant", json!(self.tenant)),
            ("reason", json!(self.reason)),
            ("expected", json!(self.expected)),
        ];
        let accepted = self.accept_loss.then_some(("acceptLoss", json!(true)));
        let members = own.into_iter().chain(accepted).chain(more);
        let members = members.filter(|(_, value)| !value.is_null());
        let mut body: Map<String, Value> = members
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let path = format!("/plugins/{}/{what}", self.plugin);
        let mut answer = self.remote.post(&path, &body.clone().into());
        if let Err(error) = &answer
            && let Some(refused) = error.downcast_ref::<Refused>()
            && refused.code == LOSES_DATA
            && is_accepted(&refused.said)?
        {
            body.insert("acceptLoss".into(), true.into());
            answer = self.remote.post(&path, &body.into());
        }
        print(&answer?);
        Ok(())
    }
}

/// The problem's code when data would be lost.
const LOSES_DATA: &str = "rollback-loses-data";

/// Asks whoever sits there; nobody accepts nothing.
fn is_accepted(problem: &Value) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("--accept-loss does it all the same");
        return Ok(false);
    }
    eprintln!("{}", text(problem, "detail"));
    eprint!("Go on, and lose it? [y/N] ");
    io::stderr().flush()?;
    let mut said = String::new();
    io::stdin().read_line(&mut said)?;
    Ok(said.trim().eq_ignore_ascii_case("y"))
}

/// Which revision.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Which {
    /// By its version.
    #[arg(long)]
    version: Option<String>,
    /// By its digest.
    #[arg(long)]
    digest: Option<String>,
}

#[derive(clap::Args)]
pub struct Install {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    which: Which,
    /// A permission that it gets; may be repeated.
    #[arg(long = "grant", conflicts_with = "grant_all")]
    grants: Vec<String>,
    /// It gets all that it asks for.
    #[arg(long)]
    grant_all: bool,
    /// A JSON file with what is set for it.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// It may be older than what has served already.
    #[arg(long)]
    pin: bool,
}

impl Install {
    pub fn run(&self) -> anyhow::Result<()> {
        let settings: Value = match &self.settings {
            Some(file) => {
                let here = || file.display().to_string();
                let text = std::fs::read(file).with_context(here)?;
                serde_json::from_slice(&text).with_context(here)?
            }
            None => Value::Null,
        };
        let more = [
            ("version", json!(self.which.version)),
            ("digest", json!(self.which.digest)),
            ("grants", listed(&self.grants)),
            ("grantAll", json!(self.grant_all)),
            ("pin", json!(self.pin)),
            ("settings", settings),
        ];
        self.common.post("activations", more)
    }
}

#[derive(clap::Args)]
pub struct Approve {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    which: Which,
    /// A permission that it gets; may be repeated; all that it asks for if absent.
    #[arg(long = "grant")]
    grants: Vec<String>,
    /// Activates nothing, but lets tenants install this version and grant so much.
    #[arg(long)]
    offer: bool,
}

impl Approve {
    pub fn run(&self) -> anyhow::Result<()> {
        let more = [
            ("version", json!(self.which.version)),
            ("digest", json!(self.which.digest)),
            ("grants", listed(&self.grants)),
            ("offer", json!(self.offer)),
        ];
        self.common.post("approvals", more)
    }
}

#[derive(clap::Args)]
pub struct Switch {
    #[command(flatten)]
    common: Common,
}

impl Switch {
    pub fn run(&self, what: &str) -> anyhow::Result<()> {
        self.common.post(what, [])
    }
}

fn listed(grants: &[String]) -> Value {
    if grants.is_empty() {
        return Value::Null;
    }
    json!(grants)
}
