//! The way that leads nowhere: every message becomes a file, for development and for hosts without mail.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::eml::{self, KeptMessage};
use super::{SendError, Transport, TransportError};
use crate::message::Message;

/// Messages that are kept, the newest: an outbox that nobody empties must not fill the disk.
pub const OUTBOX_KEPT_MAX: usize = 500;

/// Nobody but the host's own user: there are links and codes in it.
const FILE_MODE: u32 = 0o600;
/// The same for the folder.
const FOLDER_MODE: u32 = 0o700;

/// How a message's file ends.
const ENDING: &str = "eml";
/// How a file ends that is not whole yet.
const UNFINISHED: &str = "tmp";

/// A folder of messages.
#[derive(Debug, Clone)]
pub struct FileOutbox {
    folder: PathBuf,
}

/// A message of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// The letter's id, and the file's name without its ending.
    pub id: String,
    /// What it says.
    #[serde(flatten)]
    pub message: KeptMessage,
}

impl FileOutbox {
    /// Over a folder, which is made if it is missing.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn open(folder: &Path) -> Result<Self, TransportError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE);
        builder
            .create(folder)
            .map_err(|error| TransportError(format!("{}: {error}", folder.display())))?;
        Ok(Self {
            folder: folder.to_path_buf(),
        })
    }

    /// Up to `limit` messages, the newest first.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub async fn list(&self, limit: usize) -> io::Result<Vec<Kept>> {
        let outbox = self.clone();
        blocking(move || {
            let ids = outbox.ids()?;
            let newest = ids.iter().rev().filter_map(|id| outbox.read_now(id));
            Ok(newest.take(limit).collect())
        })
        .await
    }

    /// One message; none if there is no such, or no longer.
    ///
    /// # Errors
    /// When the host has no thread for it.
    pub async fn read(&self, id: &str) -> io::Result<Option<Kept>> {
        if !is_id(id) {
            return Ok(None);
        }
        let (outbox, id) = (self.clone(), id.to_owned());
        blocking(move || Ok(outbox.read_now(&id))).await
    }

    fn read_now(&self, id: &str) -> Option<Kept> {
        let text = fs::read_to_string(self.file(id, ENDING)).ok()?;
        Some(Kept {
            id: id.to_owned(),
            message: eml::parse(&text)?,
        })
    }

    fn write(&self, id: &str, text: &str) -> io::Result<()> {
        let unfinished = self.file(id, UNFINISHED);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&unfinished, self.file(id, ENDING))?;
        self.prune()
    }

    /// Removes the oldest beyond [`OUTBOX_KEPT_MAX`].
    fn prune(&self) -> io::Result<()> {
        let ids = self.ids()?;
        let too_many = ids.len().saturating_sub(OUTBOX_KEPT_MAX);
        for id in ids.iter().take(too_many) {
            match fs::remove_file(self.file(id, ENDING)) {
                // Another letter's write was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                outcome => outcome?,
            }
        }
        Ok(())
    }

    /// All ids, the oldest first: they begin with their time.
    fn ids(&self) -> io::Result<Vec<String>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.strip_suffix(ENDING)?.strip_suffix('.'));
            ids.extend(id.filter(|id| is_id(id)).map(str::to_owned));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn file(&self, id: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{id}.{ending}"))
    }
}

/// Whether a text could be a letter's id, and so is no path.
fn is_id(text: &str) -> bool {
    const ULID_BYTES: usize = 26;
    text.len() == ULID_BYTES && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

#[async_trait]
impl Transport for FileOutbox {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let (outbox, id) = (self.clone(), message.id().to_owned());
        let text = eml::compose(message);
        blocking(move || outbox.write(&id, &text))
            .await
            .map_err(|error| SendError::temporary(format!("outbox: {}", error.kind())))
    }
}
