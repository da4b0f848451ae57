//! Certificates that the operator trusts besides the machine's own.

use std::path::Path;

use anyhow::Context as _;

/// What is in a file of certificates; none when no file is named.
///
/// # Errors
/// When it can't be read.
pub fn read(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = std::fs::read(file).with_context(|| file.display().to_string())?;
    Ok(Some(read))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn no_file_is_no_error_and_a_missing_one_is() {
        assert_eq!(read(Path::new("")).unwrap(), None);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let error = format!("{:#}", read(&file).unwrap_err());
        assert!(error.contains("ca.pem"), "{error}");
        std::fs::write(&file, "pem").unwrap();
        assert_eq!(read(&file).unwrap(), Some(b"pem".to_vec()));
    }
}
