//! The SDKs, carried by the program and written into a project: no registry has to know Stoa.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Every file of the SDKs by its path under [`FOLDER`].
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// A project's folder for what the program writes; nothing in it is the author's.
pub const OURS: &str = ".stoa";
/// Where in a project the SDKs are.
pub const FOLDER: &str = ".stoa/sdk";

/// Writes the files of one language's SDK into a project. Files that are there already stay untouched, so that no
/// compiler takes them for new; files of an older SDK go.
///
/// # Errors
/// When a file can't be written.
pub fn unpack(project: &Path, language: &str) -> Result<()> {
    let prefix = format!("{language}/");
    let files = FILES.iter().filter(|(path, _)| path.starts_with(&prefix));
    let sdk = project.join(FOLDER);
    for (path, text) in files.clone() {
        write(&sdk.join(path), text)?;
    }
    // Its own rules would be found further up otherwise.
    write(&project.join(OURS).join(".gitignore"), "*\n")?;
    let known: Vec<_> = files.map(|(path, _)| sdk.join(path)).collect();
    remove_others(&sdk.join(language), &known)
}

/// Writes a file unless it says the same already; answers whether it did not.
///
/// # Errors
/// When it can't be written.
pub fn write(file: &Path, text: &str) -> Result<bool> {
    if fs::read(file).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(file, text).with_context(|| file.display().to_string())?;
    Ok(true)
}

/// Folders that tools make beside the sources.
const MADE_BY_TOOLS: &[&str] = &["target", "node_modules", "__pycache__", "Cargo.lock"];

fn remove_others(folder: &Path, known: &[std::path::PathBuf]) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if MADE_BY_TOOLS.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            remove_others(&path, known)?;
        } else if !known.contains(&path) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn a_project_gets_the_sdk_of_its_language_and_an_older_one_goes() {
        let project = tempfile::tempdir().unwrap();
        let old = project
            .path()
            .join(FOLDER)
            .join("rust/sdk-guest/src/older.rs");
        write(&old, "older").unwrap();
        unpack(project.path(), "rust").unwrap();
        let sdk = project.path().join(FOLDER);
        for file in [
            "rust/Cargo.toml",
            "rust/sdk-guest/src/lib.rs",
            "rust/sdk-guest/macros/src/lib.rs",
            "rust/wit/deps/stoa-storage@0.1.0/storage.wit",
        ] {
            assert!(sdk.join(file).exists(), "{file}");
        }
        assert!(!old.exists());
        assert!(!sdk.join("js").exists());
        let workspace: toml::Table = fs::read_to_string(sdk.join("rust/Cargo.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let dependencies = workspace["workspace"]["dependencies"].as_table().unwrap();
        assert!(dependencies.contains_key("wit-bindgen") && dependencies.contains_key("syn"));
        assert!(!dependencies.contains_key("surrealdb"));
    }
}
