//! Compiled code on disk, keyed by digest and engine, and authenticated before it is loaded.
//!
//! Loading compiled code runs it: whoever can write these files could run anything. So each carries an
//! HMAC under a key that only this host has, and a file that does not verify is as good as missing.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::random::Random;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;

/// The cache of compiled code.
pub struct AotCache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
}

impl AotCache {
    /// Opens the folder, making it and the key on first use.
    ///
    /// # Errors
    /// When the folder or the key can't be read or written.
    pub fn open(dir: &Path, random: &dyn Random) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let path = dir.join("key");
        let key = match fs::read(&path).ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok()) {
            Some(key) => key,
            None => {
                let mut key = [0; KEY_BYTES];
                random.fill(&mut key);
                adopt(&path, key)?
            }
        };
        Ok(Self { dir: dir.to_path_buf(), key })
    }

    fn path(&self, digest: &str, engine: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{engine}.cwasm"))
    }

    fn mac(&self, digest: &str, engine: &str, code: &[u8]) -> io::Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(io::Error::other)?;
        for part in [digest.as_bytes(), b"\0", engine.as_bytes(), b"\0", code] {
            mac.update(part);
        }
        Ok(mac)
    }

    /// The code compiled from the component with this digest for this engine, if it is there and ours.
    #[must_use]
    pub fn load(&self, digest: &str, engine: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(digest, engine)).ok()?;
        let code = bytes.split_off(TAG_BYTES.min(bytes.len()));
        let mac = self.mac(digest, engine, &code).ok()?;
        match mac.verify_slice(&bytes) {
            Ok(()) => Some(code),
            Err(_) => {
                tracing::warn!(digest, "compiled code does not verify; compiling again");
                None
            }
        }
    }

    /// Keeps compiled code.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn store(&self, digest: &str, engine: &str, code: &[u8]) -> io::Result<()> {
        let tag = self.mac(digest, engine, code)?.finalize().into_bytes();
        let mut bytes = tag.to_vec();
        bytes.extend_from_slice(code);
        write_private(&self.path(digest, engine), &bytes)
    }
}

/// Makes this the key, unless somebody else was first: then theirs is.
fn adopt(path: &Path, key: [u8; KEY_BYTES]) -> io::Result<[u8; KEY_BYTES]> {
    let temporary = write_temporary(path, &key)?;
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let theirs = fs::read(path)?;
            <[u8; KEY_BYTES]>::try_from(theirs).map_err(|_| io::Error::other("the key file is damaged; delete it"))
        }
        Err(error) => Err(error),
    }
}

/// Writes a file that only this user can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = write_temporary(path, bytes)?;
    fs::rename(&temporary, path)
}

/// Writes beside `path`, under a name that nobody else uses.
fn write_temporary(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let ticket = NEXT.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{ticket}.tmp", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(temporary)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    struct Sevens;
    impl Random for Sevens {
        fn fill(&self, into: &mut [u8]) {
            into.fill(7);
        }
    }

    #[test]
    fn only_untouched_code_of_this_host_loads() {
        let dir = tempfile::tempdir().unwrap();
        let cache = AotCache::open(dir.path(), &Sevens).unwrap();
        cache.store("d1", "e", b"code").unwrap();
        assert_eq!(cache.load("d1", "e").unwrap(), b"code");
        assert!(cache.load("d1", "other-engine").is_none());

        let path = cache.path("d1", "e");
        fs::copy(&path, cache.path("d2", "e")).unwrap();
        assert!(cache.load("d2", "e").is_none(), "code of one plugin under another's name");
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(cache.load("d1", "e").is_none(), "one bit changed");
        fs::write(&path, b"short").unwrap();
        assert!(cache.load("d1", "e").is_none());
    }
}
