//! Secret bytes in a file that only this user can read, made at the first start.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// The file's bytes; `make` yields them when there is no file yet.
///
/// # Errors
/// When the file can't be read or written, or `make` fails.
pub fn read_or_create(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<Vec<u8>> {
    let here = || format!("the key file {}", path.display());
    match fs::read(path) {
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(here),
    }
    let bytes = make()?;
    // Whole or not at all: an empty key file would keep every later start from working. Only its owner reads it.
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).with_context(here)?;
    file.write_all(&bytes).with_context(here)?;
    file.as_file().sync_all().with_context(here)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(bytes),
        // Another process was first; its key counts.
        Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => {
            fs::read(path).with_context(here)
        }
        Err(refused) => Err(refused.error).with_context(here),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        assert_eq!(read_or_create(&path, || Ok(vec![1, 2])).unwrap(), [1, 2]);
        assert_eq!(read_or_create(&path, || Ok(vec![3])).unwrap(), [1, 2]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
