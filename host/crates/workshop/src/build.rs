//! From a project to the one file that is the plugin.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::pack::{self, Schemas};
use crate::prerequisites::Consent;
use crate::project::{Language, Project};
use crate::{javascript, python, rust, sdk};

/// How to build.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Compiled quickly rather than to be shipped.
    pub quick: bool,
    /// Whether missing Debian packages may be installed.
    pub consent: Consent,
}

/// A plugin that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// Where it is.
    pub file: PathBuf,
    /// Bytes of the file.
    pub bytes: usize,
    /// Whether the file is another than before.
    pub changed: bool,
}

/// What a language's tools make: a core module that carries its WIT or a component, and the schemas that are not in it.
pub(crate) struct Made {
    pub binary: Vec<u8>,
    pub schemas: Schemas,
}

/// Builds the project. The first build of a project fetches its language's tools into the project.
///
/// # Errors
/// What the compiler says, or what is missing for it.
pub fn build(project: &Project, options: Options) -> Result<Built> {
    sdk::unpack(&project.folder, project.language.word())?;
    let made = match project.language {
        Language::Rust => rust::build(project, options),
        Language::JavaScript => javascript::build(project, options),
        Language::Python => python::build(project, options),
    }?;
    let plugin = pack::pack(&made.binary, project.manifest.clone(), made.schemas)?;
    let file = project.output();
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let changed = pack::install(&plugin, &file)?;
    Ok(Built {
        file,
        bytes: plugin.len(),
        changed,
    })
}
