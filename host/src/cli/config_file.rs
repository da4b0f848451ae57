//! Which configuration a command works with.

use std::path::{Path, PathBuf};

use crate::config::Config;

/// `--config`, wherever it stands in the command.
#[derive(clap::Args)]
pub struct ConfigFile {
    /// The configuration file; only defaults and environment if absent.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// The file, if one was named.
    pub fn path(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// What it says, over the defaults and under the environment.
    pub fn load(&self) -> anyhow::Result<Config> {
        Ok(Config::load(self.path())?)
    }
}
