//! The texts of this repository.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders with nothing of ours in them.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "data", "results"];
/// What we write ourselves.
const EXTENSIONS: &[&str] = &[
    "rs", "toml", "wit", "md", "js", "mjs", "ts", "py", "lua", "json", "sh", "tsv",
];

/// A file that people wrote.
pub struct File {
    /// Its path from the repository's root.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// All files below `root` that people wrote, in order.
pub fn all(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                collect(root, &path, files)?;
            }
        } else if is_ours(&path, name) {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let name = path.strip_prefix(root)?.display().to_string();
            files.push(File { name, text });
        }
    }
    Ok(())
}

fn is_ours(path: &Path, name: &str) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    EXTENSIONS.contains(&extension) && name != "package-lock.json"
}
