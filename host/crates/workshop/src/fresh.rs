//! Whether something has to be made again: by what it was made from.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders beside the sources that say nothing about the plugin.
const BESIDE: &[&str] = &["dist", "target", "tests"];
/// Folders that tools make anywhere.
const MADE: &[&str] = &["node_modules", "__pycache__"];

/// A number that is another one when any file below these folders is another one. Names that begin with a dot are
/// skipped below them, and so are folders that tools make.
pub fn digest(roots: &[PathBuf], words: &[&str]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    for root in roots {
        add(root, BESIDE, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(folder: &Path, beside: &[&str], hasher: &mut DefaultHasher) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: &str = &name;
        if name.starts_with('.') || beside.contains(&name) || MADE.contains(&name) {
            continue;
        }
        if path.is_dir() {
            add(&path, &[], hasher)?;
        } else {
            name.hash(hasher);
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            bytes.hash(hasher);
        }
    }
    Ok(())
}

/// Whether the file at `stamp` says this.
pub fn is(stamp: &Path, word: &str) -> bool {
    fs::read(stamp).is_ok_and(|text| text == word.as_bytes())
}

/// Whether a file has this extension.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension() == Some(OsStr::new(extension))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_matters_changes_the_digest_and_the_rest_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let digest = || digest(&[folder.path().to_owned()], &["v1"]).unwrap();
        fs::write(folder.path().join("plugin.js"), "a").unwrap();
        let first = digest();
        for made in ["dist", "tests", "node_modules"] {
            fs::create_dir(folder.path().join(made)).unwrap();
            fs::write(folder.path().join(made).join("x.wasm"), "x").unwrap();
        }
        fs::write(folder.path().join(".plugin.js.swp"), "x").unwrap();
        assert_eq!(digest(), first);
        fs::write(folder.path().join("plugin.js"), "b").unwrap();
        let second = digest();
        assert_ne!(second, first);
        fs::create_dir_all(folder.path().join("src/tests")).unwrap();
        fs::write(folder.path().join("src/tests/x.js"), "x").unwrap();
        assert_ne!(digest(), second);
    }
}
