//! Programs that we need and that cargo does not bring.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// A program and the Debian package that brings it.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// A name to be found in `PATH`, or an absolute path.
    pub file: &'static str,
    /// Debian's package.
    pub package: &'static str,
}

/// Whether packages may be installed without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Somebody said `--yes`, or this is a build machine.
    Given,
    /// Only say what is missing.
    Missing,
}

impl Consent {
    /// What the command line and the environment say.
    #[must_use]
    pub fn from_flag(yes: bool) -> Self {
        let on_build_machine = std::env::var("CI").is_ok_and(|value| value == "true");
        if yes || on_build_machine {
            Self::Given
        } else {
            Self::Missing
        }
    }
}

impl Tool {
    /// Runs JavaScript.
    pub const NODE: Self = Self {
        file: "node",
        package: "nodejs",
    };
    /// Runs Python.
    pub const PYTHON: Self = Self {
        file: "python3",
        package: "python3",
    };
    /// Installs JavaScript's packages.
    pub const NPM: Self = Self {
        file: "npm",
        package: "npm",
    };

    fn is_present(&self) -> bool {
        if self.file.starts_with('/') {
            Path::new(self.file).exists()
        } else {
            process::find(self.file).is_some()
        }
    }
}

/// Makes sure that all tools are there. `companions` are packages without a program, installed along
/// with any that is missing.
///
/// # Errors
/// As [`install`].
pub fn ensure(tools: &[Tool], companions: &[&str], consent: Consent) -> Result<()> {
    let mut packages: Vec<&str> = tools
        .iter()
        .filter(|tool| !tool.is_present())
        .map(|tool| tool.package)
        .collect();
    if packages.is_empty() {
        return Ok(());
    }
    packages.extend(companions);
    packages.dedup();
    install(&packages, consent)
}

/// Installs Debian packages, or says how when nobody agreed to it.
///
/// # Errors
/// When nobody agreed, this is no Debian, or its servers can't be reached.
pub fn install(packages: &[&str], consent: Consent) -> Result<()> {
    let advice = format!(
        "apt-get install -y --no-install-recommends {}",
        packages.join(" ")
    );
    if consent == Consent::Missing || !is_root() || process::find("apt-get").is_none() {
        bail!("something is missing; install it with\n\n    sudo {advice}\n");
    }
    eprintln!("installing: {}", packages.join(" "));
    process::run(apt().arg("update").arg("-qq"))?;
    process::run(
        apt()
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages),
    )
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether we run as root.
#[must_use]
pub fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
