//! Compiled code on disk, keyed by digest and engine, and authenticated before it is loaded.
//!
//! Loading compiled code runs it: whoever can write these files could run anything. So each carries an
//! HMAC under a key that only this host has, and a file that does not verify is as good as missing. What has not been
//! loaded for longest goes when there is too much.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::hex::hex;
use stoa_kernel::random::Random;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;

/// Compiled code that is kept: hundreds of plugins. Each saved file of a developer, and each version that is published,
/// leaves one to five megabytes that nobody may ask for again.
const CODE_BYTES_MAX: u64 = 512 << 20;

/// What its files end with.
const CODE_EXTENSION: &str = "cwasm";

/// Random bytes in the names of temporary files: hosts that share the folder, or came back with the same
/// process id after a crash, never meet on one name.
const NONCE_BYTES: usize = 8;

/// The cache of compiled code.
pub struct AotCache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    temporary: Temporary,
    bytes_max: u64,
}

impl AotCache {
    /// Opens the folder, making it and the key on first use.
    ///
    /// # Errors
    /// When the folder or the key can't be read or written.
    pub fn open(dir: &Path, random: &dyn Random) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)?;
        let temporary = Temporary::new(dir, random);
        let path = dir.join("key");
        let key = match fs::read(&path)
            .ok()
            .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok())
        {
            Some(key) => key,
            None => {
                let mut key = [0; KEY_BYTES];
                random.fill(&mut key);
                adopt(&path, key, &temporary.file(&key)?)?
            }
        };
        Ok(Self {
            dir: dir.to_path_buf(),
            key,
            temporary,
            bytes_max: CODE_BYTES_MAX,
        })
    }

    fn path(&self, digest: &str, engine: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{engine}.{CODE_EXTENSION}"))
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
        let mut file = fs::File::open(self.path(digest, engine)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let code = bytes.split_off(TAG_BYTES.min(bytes.len()));
        let mac = self.mac(digest, engine, &code).ok()?;
        match mac.verify_slice(&bytes) {
            Ok(()) => {
                // Whoever can't mark it loses no more than a compilation.
                let _ = file.set_modified(SystemTime::now());
                Some(code)
            }
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
        let temporary = self.temporary.file(&bytes)?;
        fs::rename(&temporary, self.path(digest, engine))?;
        self.shrink()
    }

    /// Removes what was made or loaded longest ago, until the rest is not too much. Hosts that share the folder do this
    /// at the same time.
    fn shrink(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let is_code = path
                .extension()
                .is_some_and(|ending| ending == CODE_EXTENSION);
            if let (true, Ok(about)) = (is_code, path.metadata()) {
                files.push((about.modified()?, about.len(), path));
            }
        }
        files.sort_unstable();
        let mut bytes = 0;
        for (_, length, path) in files.into_iter().rev() {
            bytes += length;
            if bytes > self.bytes_max {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Makes a folder that only this user can enter, for a compiler's files. Whoever asked removes it.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn workshop(&self) -> io::Result<PathBuf> {
        let dir = self.temporary.path();
        fs::DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(dir)
    }
}

/// Makes this the key, unless somebody else was first: then theirs is.
fn adopt(path: &Path, key: [u8; KEY_BYTES], temporary: &Path) -> io::Result<[u8; KEY_BYTES]> {
    let linked = fs::hard_link(temporary, path);
    fs::remove_file(temporary)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let theirs = fs::read(path)?;
            <[u8; KEY_BYTES]>::try_from(theirs)
                .map_err(|_| io::Error::other("the key file is damaged; delete it"))
        }
        Err(error) => Err(error),
    }
}

/// Names and writes what only this process uses, beside what it is to become.
struct Temporary {
    dir: PathBuf,
    nonce: String,
}

/// Tells files of one process apart, whatever folders it opens with whatever random numbers.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Temporary {
    fn new(dir: &Path, random: &dyn Random) -> Self {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        Self {
            dir: dir.to_path_buf(),
            nonce: hex(&nonce),
        }
    }

    /// A name that nobody else uses.
    fn path(&self) -> PathBuf {
        let ticket = NEXT.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!(
            "{}-{}-{ticket}.tmp",
            self.nonce,
            std::process::id()
        ))
    }

    /// A new file that only this user can read, and that survives a crash.
    fn file(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path();
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(path)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::time::Duration;

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
        assert!(
            cache.load("d2", "e").is_none(),
            "code of one plugin under another's name"
        );
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(cache.load("d1", "e").is_none(), "one bit changed");
        fs::write(&path, b"short").unwrap();
        assert!(cache.load("d1", "e").is_none());
    }

    #[test]
    fn what_was_loaded_longest_ago_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let room_for_two = u64::try_from(2 * (TAG_BYTES + b"code".len())).unwrap();
        let cache = AotCache {
            bytes_max: room_for_two,
            ..AotCache::open(dir.path(), &Sevens).unwrap()
        };
        for (digest, made_s) in [("d1", 1), ("d2", 2)] {
            cache.store(digest, "e", b"code").unwrap();
            let made = SystemTime::UNIX_EPOCH + Duration::from_secs(made_s);
            let file = fs::File::open(cache.path(digest, "e")).unwrap();
            file.set_modified(made).unwrap();
        }
        assert!(cache.load("d1", "e").is_some());
        cache.store("d3", "e", b"code").unwrap();
        assert!(cache.load("d2", "e").is_none());
        assert!(cache.load("d1", "e").is_some());
        assert!(cache.load("d3", "e").is_some());
        assert!(dir.path().join("key").exists());
    }
}
