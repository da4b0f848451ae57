//! What cargo knows about this workspace.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// The part of `cargo metadata` that we read.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    /// The members.
    pub packages: Vec<Package>,
    /// Cargo's target folder, wherever it was configured.
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
}

/// A member.
#[derive(Debug, Deserialize)]
pub struct Package {
    /// Its name in Cargo.toml.
    pub name: String,
    /// Its Cargo.toml.
    pub manifest_path: PathBuf,
    /// What it names in all its dependency tables.
    pub dependencies: Vec<Dependency>,
    /// What cargo builds of it.
    pub targets: Vec<Target>,
}

/// An entry of a dependency table.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The crate's name.
    pub name: String,
    /// `dev`, `build`, or none for an ordinary one.
    pub kind: Option<String>,
}

/// Something that cargo builds.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// `lib`, `cdylib`, `bin` …
    pub kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub fn load() -> Result<Self> {
        let mut command = process::cargo();
        command
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(root());
        let text = process::output(&mut command)?;
        serde_json::from_str(&text).context("cargo metadata")
    }

    /// Where plugins are installed unless somebody says otherwise.
    pub fn plugins_dir(&self) -> PathBuf {
        self.target.join("plugins")
    }

    /// Where the guests of tests are installed.
    pub fn test_plugins_dir(&self) -> PathBuf {
        self.target.join("test-plugins")
    }

    /// Cargo's target folder for guests: apart from the host's, so that neither locks the other out.
    pub fn guests_target(&self) -> PathBuf {
        self.target.join("guests")
    }
}

impl Package {
    /// The folder of its Cargo.toml.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }
}

/// The workspace's folder. Cargo names it when it runs us: what was compiled in may be another checkout's, since
/// checkouts share a target folder.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = std::env::var_os("CARGO_MANIFEST_DIR");
        let here = here.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        here.parent().map(Path::to_path_buf).unwrap_or(here)
    });
    &ROOT
}
