//! `[data]`: what the host keeps on disk.

use std::path::PathBuf;

use serde::Deserialize;

/// What the host keeps on disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The folder of everything.
    pub dir: PathBuf,
}
