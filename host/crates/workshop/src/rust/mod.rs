//! From Rust to a core module.

pub mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::build::{Made, Options};
use crate::pack::Schemas;
use crate::project::Project;
use crate::{process, world};
use toolchain::Toolchain;

/// One call of cargo; schemas are in the module.
pub(crate) fn build(project: &Project, options: Options) -> Result<Made> {
    // The macro asks cargo's way; here, mistakes are told at once.
    world::of_project(project)?;
    let toolchain = Toolchain::ensure(&project.folder, options.consent)?;
    let mut cargo = toolchain.cargo_build();
    cargo.current_dir(&project.folder).args([
        "--lib",
        "--quiet",
        "--message-format=json-render-diagnostics",
    ]);
    if !options.quick {
        cargo.arg("--release");
    }
    let messages = process::printed(&mut cargo)?;
    let module = module(&messages, &project.folder.join("Cargo.toml")).context(
        "cargo made no module: Cargo.toml needs [lib] with crate-type = [\"cdylib\", \"rlib\"]",
    )?;
    let binary = fs::read(&module).with_context(|| module.display().to_string())?;
    Ok(Made {
        binary,
        schemas: Schemas::new(),
    })
}

/// The module of the package whose Cargo.toml this is, by what cargo said.
fn module(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut ours = messages.filter(|message| {
        let path = message.get("manifest_path").and_then(Value::as_str);
        path.is_some_and(|path| Path::new(path) == manifest)
    });
    ours.find_map(|message| {
        let files = message.get("filenames")?.as_array()?;
        let mut files = files.iter().filter_map(Value::as_str).map(PathBuf::from);
        files.find(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_is_the_projects_own() {
        let messages = "not json\n\
            {\"manifest_path\":\"/a/dep/Cargo.toml\",\"filenames\":[\"/t/dep.wasm\"]}\n\
            {\"manifest_path\":\"/a/Cargo.toml\",\"filenames\":[\"/t/a.rlib\",\"/t/a.wasm\"]}\n";
        let found = module(messages, Path::new("/a/Cargo.toml"));
        assert_eq!(found, Some(PathBuf::from("/t/a.wasm")));
        assert_eq!(module(messages, Path::new("/b/Cargo.toml")), None);
    }
}
