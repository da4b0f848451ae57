//! Secret bytes in a file that only this user can read, made at the first start.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

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
    // Whole or not at all: an empty key file would keep every later start from working.
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let bytes = make()?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(here)?;
    file.write_all(&bytes).with_context(here)?;
    file.sync_all().with_context(here)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary).with_context(here)?;
    match linked {
        Ok(()) => Ok(bytes),
        // Another process was first; its key counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => fs::read(path).with_context(here),
        Err(error) => Err(error).with_context(here),
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
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
