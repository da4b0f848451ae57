//! `cargo xtask test`: every test, with everything that the tests need.

use anyhow::Result;

use crate::guests::{self, Batch, Profile};
use crate::peers;
use crate::prerequisites::{self, Consent, Tool};
use crate::process;
use crate::python;
use crate::tools;
use crate::workspace::{self, Workspace};

/// What the dependencies are compiled with.
const TOOLS: &[Tool] = &[Tool {
    file: "cc",
    package: "build-essential",
}];
/// What tests start for themselves.
const SERVERS: &[Tool] = &[tools::REDIS, tools::CHROMIUM];
/// Where the host's tests find the plugins.
const PLUGINS_VARIABLE: &str = "STOA_TEST_PLUGINS";
/// Where the host's tests find their own guests.
const GUESTS_VARIABLE: &str = "STOA_TEST_GUESTS";
/// Where tests find a Python with the servers that they talk to.
const PYTHON_VARIABLE: &str = "STOA_TEST_PYTHON";
/// Where the tests of sign-in elsewhere find an OpenID provider.
const OIDC_VARIABLE: &str = "STOA_TEST_OIDC";
/// Where the tests of live updates find clients of Socket.IO.
const LIVE_VARIABLE: &str = "STOA_TEST_LIVE";
/// Where the tests of authors' commands make their projects.
const WORKSHOP_VARIABLE: &str = "STOA_TEST_WORKSHOP";

#[derive(clap::Args)]
pub struct Args {
    /// Install missing Debian packages without asking.
    #[arg(long)]
    yes: bool,
    /// Passed on to `cargo test --workspace`: parts of tests' names, or options after `--`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    filters: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let consent = Consent::from_flag(args.yes);
    ensure_prerequisites(consent)?;
    prerequisites::ensure(SERVERS, &[], consent)?;
    let workspace = Workspace::load()?;
    let python = python::ensure(&workspace, consent)?;
    let oidc = peers::ensure(&workspace, consent, "oidc")?;
    let live = peers::ensure(&workspace, consent, "live")?;
    let batches = [Batch::plugins(&workspace)?, Batch::test_guests(&workspace)?];
    guests::build(&workspace, Profile::Guest, consent, &batches)?;
    let mut cargo = process::cargo();
    cargo
        // Every failure is worth knowing, not the first one only.
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(&args.filters)
        .current_dir(workspace::root());
    cargo
        .env(PLUGINS_VARIABLE, workspace.plugins_dir())
        .env(GUESTS_VARIABLE, workspace.test_plugins_dir())
        .env(PYTHON_VARIABLE, python)
        .env(OIDC_VARIABLE, oidc)
        .env(LIVE_VARIABLE, live)
        .env(WORKSHOP_VARIABLE, workspace.target.join("test-workshop"));
    process::run(&mut cargo)
}

/// Makes sure of what a build needs besides cargo.
pub fn ensure_prerequisites(consent: Consent) -> Result<()> {
    prerequisites::ensure(TOOLS, &[], consent)
}
