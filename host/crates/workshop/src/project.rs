//! A plugin's project: its folder, its manifest and its language.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use stoa_wit::Manifest;

use crate::pack;

/// The file that makes a folder a plugin's project.
pub const MANIFEST: &str = "plugin.toml";

/// What a plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Cargo builds it.
    Rust,
    /// `componentize-js` builds it; TypeScript is welcome.
    JavaScript,
    /// `componentize-py` builds it.
    Python,
}

impl Language {
    /// All of them, with the file that tells a project of theirs.
    const TOLD_BY: [(&'static str, Self); 3] = [
        ("Cargo.toml", Self::Rust),
        ("package.json", Self::JavaScript),
        ("pyproject.toml", Self::Python),
    ];

    /// The short word: of the command line, and of the folders of SDK and templates.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// The language of a short word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let mut all = Self::TOLD_BY.iter().map(|(_, language)| *language);
        all.find(|language| language.word() == word)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A plugin's sources.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder, absolute.
    pub folder: PathBuf,
    /// What the plugin says of itself.
    pub manifest: Manifest,
    /// What it is written in.
    pub language: Language,
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    /// When there is no `plugin.toml`, it is malformed, or no language's own file stands beside it.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = fs::canonicalize(folder).with_context(|| folder.display().to_string())?;
        let manifest = folder.join(MANIFEST);
        if !manifest.exists() {
            bail!(
                "{} has no {MANIFEST}: `stoa plugin new` makes a project",
                folder.display()
            );
        }
        let manifest = pack::read_manifest(&manifest)?;
        let mut known = Language::TOLD_BY.iter();
        let Some((_, language)) = known.find(|(file, _)| folder.join(file).exists()) else {
            bail!(
                "{}: neither Cargo.toml, package.json nor pyproject.toml says which language this is; \
                 for any other, make a component and use `stoa plugin pack`",
                folder.display()
            );
        };
        Ok(Self {
            folder,
            manifest,
            language: *language,
        })
    }

    /// Where the built plugin goes.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        let file = format!("{}.wasm", self.manifest.name);
        self.folder.join("dist").join(file)
    }
}
