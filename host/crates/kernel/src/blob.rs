//! The port of files: what is known of one is a document of its tenant, and so part of a request's unit of work.

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::Millis;
use crate::id::TenantId;
use crate::store::{StoreError, UnitOfWork};

/// Bytes that a guest reads or writes with one call: what fits into its memory many times over.
pub const CONTENT_BYTES_MAX: usize = 1 << 20;

/// Seconds that a link is good for at most: a week, as long as the signed links of S3.
pub const LINK_S_MAX: u32 = 7 * 86_400;

/// What is known of a blob. Its bytes never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobInfo {
    /// A ULID.
    pub id: String,
    /// As its uploader called it; a plain file name.
    pub name: String,
    /// What the bytes are, found out by the host: such as `image/png`.
    pub content_type: String,
    /// How many they are.
    pub size_bytes: u64,
    /// Their SHA-256 in hex.
    pub digest: String,
    /// The account that uploaded it; none if a plugin made it.
    pub owner: Option<String>,
    /// Whether anybody may see it who knows its address: pictures alone.
    pub public: bool,
    /// When.
    pub created_at: Millis,
}

impl BlobInfo {
    /// The path on this host under which anybody sees it, if it is public.
    #[must_use]
    pub fn public_path(&self, tenant: &TenantId) -> Option<String> {
        self.public.then(|| format!("/media/{tenant}/{}", self.id))
    }
}

/// A blob that a plugin makes.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// Its id, a ULID of this moment.
    pub id: String,
    /// A plain file name.
    pub name: String,
    /// At most [`CONTENT_BYTES_MAX`].
    pub content: Bytes,
}

/// Why a call of [`Blobs`] failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// No blob of this tenant has this id.
    #[error("there is no such blob")]
    NotFound,
    /// A name or range that makes no sense, or content of a kind that is not taken.
    #[error("{0}")]
    Invalid(String),
    /// Too large, or the tenant's room is used up.
    #[error("{0}")]
    Limit(String),
    /// The bytes can't be reached.
    #[error("{0}")]
    Unavailable(String),
    /// The documents can't.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps files. Of the bytes there is always at least what the documents tell of: they are written before, and
/// removed after.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// What is known of a blob, none if there is none.
    ///
    /// # Errors
    /// Those of a read.
    async fn stat(&self, unit: &dyn UnitOfWork, id: &str) -> Result<Option<BlobInfo>, BlobError>;

    /// Up to `length` of a blob's bytes from `offset`; fewer at its end.
    ///
    /// # Errors
    /// Every [`BlobError`] but a limit; an offset beyond the end is invalid.
    async fn read(
        &self,
        unit: &dyn UnitOfWork,
        tenant: &TenantId,
        id: &str,
        offset: u64,
        length: u32,
    ) -> Result<Bytes, BlobError>;

    /// Keeps a blob if and only if the unit commits.
    ///
    /// # Errors
    /// Every [`BlobError`].
    async fn write(
        &self,
        unit: &dyn UnitOfWork,
        tenant: &TenantId,
        blob: NewBlob,
    ) -> Result<BlobInfo, BlobError>;

    /// Gives back the room of bytes whose unit of work has not committed and won't. What can't be had now goes later.
    async fn discard(&self, tenant: &TenantId, id: &str);

    /// Removes a blob if the unit commits; its bytes follow. False if there was none.
    ///
    /// # Errors
    /// Those of a write.
    async fn remove(&self, unit: &dyn UnitOfWork, id: &str) -> Result<bool, BlobError>;

    /// The path on this host from which anybody may fetch the blob until `expires_at`. Whether there is one is
    /// found out then.
    fn link(&self, tenant: &TenantId, id: &str, expires_at: Millis) -> String;
}

/// Knows how much room a tenant has for files.
#[async_trait]
pub trait StorageQuota: Send + Sync + 'static {
    /// Bytes that a tenant's files may have together; none when its plan does not say.
    ///
    /// # Errors
    /// When nobody can tell right now.
    async fn storage_bytes_max(&self, tenant: &TenantId) -> Result<Option<u64>, StoreError>;
}
