//! Bytes under `<tenant>/<id>`: in memory, in a folder, or in a bucket.

use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _,
    RetryConfig,
};
use stoa_kernel::call::Chunks;
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::random::ulid_time;

use crate::config::{Location, S3};

/// Bytes of a part of an upload, and so what one holds in memory: S3 takes no less than 5 MiB, and 10,000 parts.
const PART_BYTES: usize = 8 << 20;

/// Seconds that one step of the storage may take, such as taking a part or answering with the next bytes.
const STEP_S_MAX: u64 = 30;

/// Seconds for a connection to a bucket.
const CONNECT_S_MAX: u64 = 5;

/// How often, and for how many seconds, a request to a bucket is repeated: a client waits for it.
const RETRIES_MAX: usize = 3;
const RETRY_S_MAX: u64 = 10;

/// Why the storage did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The folder, or the disk.
    #[error("the folder of files: {0}")]
    Io(#[from] io::Error),
    /// The storage says so.
    #[error("the storage of files: {0}")]
    Objects(#[from] object_store::Error),
    /// It says nothing.
    #[error("the storage of files did not answer within {STEP_S_MAX} s")]
    Silent,
}

/// Where bytes are.
#[derive(Clone)]
pub struct Storage {
    objects: Arc<dyn ObjectStore>,
    /// The folder, if they are in one.
    disk: Option<PathBuf>,
    prefix: Path,
}

impl Storage {
    /// Opens the storage; `usual_dir` is the folder where the location names none. A bucket is not asked yet.
    ///
    /// # Errors
    /// When the folder can't be made, or the settings of the bucket make no sense.
    pub fn open(location: &Location, usual_dir: &FilePath, s3: &S3) -> Result<Self, StorageError> {
        match location {
            Location::Memory => Ok(Self {
                objects: Arc::new(InMemory::new()),
                disk: None,
                prefix: Path::default(),
            }),
            Location::Disk(dir) => {
                let dir = dir.as_deref().unwrap_or(usual_dir);
                std::fs::create_dir_all(dir)?;
                Ok(Self {
                    objects: Arc::new(LocalFileSystem::new_with_prefix(dir)?),
                    disk: Some(dir.canonicalize()?),
                    prefix: Path::default(),
                })
            }
            Location::Bucket { name, prefix } => Ok(Self {
                objects: bucket(name, s3)?,
                disk: None,
                prefix: Path::from(prefix.as_str()),
            }),
        }
    }

    fn path(&self, tenant: &TenantId, id: &str) -> Path {
        self.prefix.clone().join(tenant.as_str()).join(id)
    }

    /// Begins to write.
    pub fn writer(&self, tenant: &TenantId, id: &str) -> Writer {
        Writer {
            path: self.path(tenant, id),
            storage: self.clone(),
            part: BytesMut::new(),
            upload: None,
        }
    }

    /// Bytes of an object, as they are asked for; none if there is none.
    ///
    /// # Errors
    /// Every [`StorageError`].
    pub async fn stream(
        &self,
        tenant: &TenantId,
        id: &str,
        range: Range<u64>,
    ) -> Result<Option<Chunks>, StorageError> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let path = self.path(tenant, id);
        let got = step(self.objects.get_opts(&path, options)).await;
        Ok(found(got)?.map(|got| paced(got.into_stream())))
    }

    /// The same, all at once.
    ///
    /// # Errors
    /// Every [`StorageError`].
    pub async fn read(
        &self,
        tenant: &TenantId,
        id: &str,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        let path = self.path(tenant, id);
        found(step(self.objects.get_range(&path, range)).await)
    }

    /// Whether there is an object.
    ///
    /// # Errors
    /// Every [`StorageError`].
    pub async fn has(&self, tenant: &TenantId, id: &str) -> Result<bool, StorageError> {
        let path = self.path(tenant, id);
        Ok(found(step(self.objects.head(&path)).await)?.is_some())
    }

    /// Removes an object, if there is one.
    ///
    /// # Errors
    /// Every [`StorageError`].
    pub async fn delete(&self, tenant: &TenantId, id: &str) -> Result<(), StorageError> {
        let path = self.path(tenant, id);
        found(step(self.objects.delete(&path)).await).map(drop)
    }

    /// Every object that is one of ours.
    pub fn list(&self) -> BoxStream<'static, Result<(TenantId, String), StorageError>> {
        let (prefix, depth) = (self.prefix.clone(), self.prefix.parts_count());
        let prefix = (depth > 0).then_some(prefix);
        let listed = self.objects.list(prefix.as_ref()).err_into();
        let ours = move |path: &Path| {
            let mut parts = path.parts().skip(depth);
            let (tenant, id) = (parts.next()?, parts.next()?);
            let tenant = TenantId::parse(tenant.as_ref()).ok()?;
            let is_ours = parts.next().is_none() && ulid_time(id.as_ref()).is_some();
            is_ours.then(|| (tenant, id.as_ref().to_owned()))
        };
        listed
            .try_filter_map(move |object| futures::future::ok(ours(&object.location)))
            .boxed()
    }

    /// Removes what uploads left behind that a crash ended; how many. A bucket's owner lets it expire incomplete
    /// uploads itself.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub async fn remove_leftovers(&self, begun_before: Millis) -> Result<u64, StorageError> {
        let Some(root) = self.disk.clone() else {
            return Ok(0);
        };
        let removed = tokio::task::spawn_blocking(move || remove_leftovers(&root, begun_before));
        Ok(removed.await.map_err(io::Error::other)??)
    }

    /// Lets what was written survive a power cut, before anybody is told of it.
    async fn make_durable(&self, path: &Path) -> Result<(), StorageError> {
        let Some(root) = &self.disk else {
            return Ok(());
        };
        let file = root.join(path.as_ref());
        let synced = tokio::task::spawn_blocking(move || {
            std::fs::File::open(&file)?.sync_all()?;
            match file.parent() {
                Some(folder) => std::fs::File::open(folder)?.sync_all(),
                None => Ok(()),
            }
        });
        Ok(synced.await.map_err(io::Error::other)??)
    }
}

/// An object that is being written. Nobody sees it before [`Writer::finish`].
pub struct Writer {
    storage: Storage,
    path: Path,
    part: BytesMut,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Writer {
    /// Adds bytes. Waits for the storage whenever a part is full, and so does whoever sends them.
    ///
    /// # Errors
    /// Every [`StorageError`]; [`Writer::abort`] is then what is left to do.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StorageError> {
        while !bytes.is_empty() {
            let room = PART_BYTES.saturating_sub(self.part.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() >= PART_BYTES {
                self.put_part().await?;
            }
        }
        Ok(())
    }

    async fn put_part(&mut self) -> Result<(), StorageError> {
        let part = std::mem::take(&mut self.part).freeze();
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let begun = step(self.storage.objects.put_multipart(&self.path)).await?;
                self.upload.insert(begun)
            }
        };
        step(upload.put_part(part.into())).await
    }

    /// Makes the object of all that was written.
    ///
    /// # Errors
    /// Every [`StorageError`]; nothing is left behind then.
    pub async fn finish(mut self) -> Result<(), StorageError> {
        match self.complete().await {
            Ok(()) => {
                let durable = self.storage.make_durable(&self.path).await;
                if durable.is_err() {
                    // It is complete, so there is nothing to abort.
                    let deleted = step(self.storage.objects.delete(&self.path)).await;
                    tracing::warn!(?deleted, "an object that can't be made durable is deleted");
                }
                durable
            }
            Err(error) => {
                self.abort().await;
                Err(error)
            }
        }
    }

    async fn complete(&mut self) -> Result<(), StorageError> {
        if self.upload.is_none() {
            let all = std::mem::take(&mut self.part).freeze();
            return step(self.storage.objects.put(&self.path, all.into()))
                .await
                .map(drop);
        }
        if !self.part.is_empty() {
            self.put_part().await?;
        }
        match &mut self.upload {
            Some(upload) => step(upload.complete()).await.map(drop),
            None => Ok(()),
        }
    }

    /// Forgets all that was written.
    pub async fn abort(self) {
        if let Some(mut upload) = self.upload
            && let Err(error) = step(upload.abort()).await
        {
            tracing::warn!(%error, "an upload that ended early has left something behind");
        }
    }
}

fn bucket(name: &str, s3: &S3) -> Result<Arc<dyn ObjectStore>, StorageError> {
    let plain = s3
        .endpoint
        .as_ref()
        .is_some_and(|url| url.starts_with("http://"));
    // A download takes as long as its reader; every step has a limit of its own.
    let client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(CONNECT_S_MAX))
        .with_allow_http(plain);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&s3.region)
        .with_client_options(client)
        .with_retry(RetryConfig {
            max_retries: RETRIES_MAX,
            retry_timeout: Duration::from_secs(RETRY_S_MAX),
            ..RetryConfig::default()
        });
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(access), Some(secret)) = (&s3.access_key, &s3.secret_key) {
        builder = builder
            .with_access_key_id(access)
            .with_secret_access_key(secret);
    }
    Ok(Arc::new(builder.build()?))
}

/// One step of the storage, within its time.
async fn step<T>(asked: impl Future<Output = object_store::Result<T>>) -> Result<T, StorageError> {
    match tokio::time::timeout(Duration::from_secs(STEP_S_MAX), asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(StorageError::Silent),
    }
}

fn found<T>(answer: Result<T, StorageError>) -> Result<Option<T>, StorageError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(StorageError::Objects(object_store::Error::NotFound { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The bytes as their reader takes them; an error when the storage falls silent.
fn paced(stream: BoxStream<'static, object_store::Result<Bytes>>) -> Chunks {
    futures::stream::try_unfold(stream, async |mut stream| {
        let next = tokio::time::timeout(Duration::from_secs(STEP_S_MAX), stream.try_next()).await;
        match next {
            Ok(Ok(Some(bytes))) => Ok(Some((bytes, stream))),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => Err(io::Error::other(error)),
            Err(_) => Err(io::Error::other(StorageError::Silent)),
        }
    })
    .boxed()
}

/// Files like `<tenant>/<id>#1`: what the crate names uploads that go on.
fn remove_leftovers(root: &FilePath, begun_before: Millis) -> io::Result<u64> {
    let mut removed = 0;
    for tenant in std::fs::read_dir(root)? {
        let tenant = tenant?;
        if !tenant.file_type()?.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(tenant.path())? {
            let file = file?;
            let name = file.file_name();
            let begun = name.to_str().and_then(|name| name.split_once('#'));
            let begun = begun.and_then(|(id, _)| ulid_time(id));
            if begun.is_some_and(|begun| begun < begun_before) {
                std::fs::remove_file(file.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    const ID: &str = "01KDVDNN2M4Z3XJ5R6T7V8W9YA";

    fn disk() -> (Storage, TenantId, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(&Location::Disk(None), dir.path(), &S3::default());
        (storage.unwrap(), TenantId::parse("acme").unwrap(), dir)
    }

    #[tokio::test]
    async fn parts_become_one_object_that_nobody_sees_before() {
        let (storage, tenant, _dir) = disk();
        let mut writer = storage.writer(&tenant, ID);
        let piece = vec![7_u8; 3 << 20];
        for _ in 0..4 {
            writer.write(&piece).await.unwrap();
        }
        assert!(writer.upload.is_some(), "12 MiB are more than one part");
        assert!(!storage.has(&tenant, ID).await.unwrap());
        writer.finish().await.unwrap();
        let read = storage.read(&tenant, ID, 0..(12 << 20)).await.unwrap();
        assert_eq!(read.unwrap().len(), 12 << 20);
        let listed: Vec<_> = storage.list().try_collect().await.unwrap();
        assert_eq!(listed, [(tenant.clone(), ID.to_owned())]);
        storage.delete(&tenant, ID).await.unwrap();
        storage.delete(&tenant, ID).await.unwrap();
        assert!(storage.read(&tenant, ID, 0..1).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_aborted_upload_leaves_nothing() {
        let (storage, tenant, dir) = disk();
        let mut writer = storage.writer(&tenant, ID);
        writer.write(&vec![7; PART_BYTES + 1]).await.unwrap();
        writer.abort().await;
        assert_eq!(
            std::fs::read_dir(dir.path().join("acme")).unwrap().count(),
            0
        );
    }

    #[tokio::test]
    async fn what_a_crash_left_is_removed_once_it_is_old() {
        let (storage, _, dir) = disk();
        let begun = ulid_time(ID).unwrap();
        let left = dir.path().join("acme").join(format!("{ID}#1"));
        std::fs::create_dir(dir.path().join("acme")).unwrap();
        std::fs::write(&left, "half").unwrap();
        std::fs::write(dir.path().join("README"), "mine").unwrap();
        assert_eq!(storage.remove_leftovers(begun).await.unwrap(), 0);
        assert_eq!(storage.remove_leftovers(begun + 1).await.unwrap(), 1);
        assert!(!left.exists() && dir.path().join("README").exists());
    }
}
