//! The port: documents and bytes together.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use stoa_kernel::blob::{BlobError, BlobInfo, Blobs, CONTENT_BYTES_MAX, NewBlob, StorageQuota};
use stoa_kernel::clock::{Clock, Millis};
use stoa_kernel::id::TenantId;
use stoa_kernel::random::{Random, ulid_time};
use stoa_kernel::store::{Store, StoreError, UnitOfWork};

use crate::catalog::Catalog;
use crate::config::BlobsConfig;
use crate::intake::{IntakeError, Terms, receive};
use crate::link::{self, Claim};
use crate::name;
use crate::storage::{Storage, StorageError};

/// Where links begin.
pub const LINKS: &str = "/files/";

/// Through these files reach the rest of the host.
#[derive(Clone)]
pub struct Ports {
    /// Keeps what is known of files.
    pub store: Arc<dyn Store>,
    /// What plans grant; none when [`BlobsConfig::tenant_bytes_max`] is for all tenants.
    pub quota: Option<Arc<dyn StorageQuota>>,
    /// Dates files and ends links.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
}

/// The files of all tenants.
pub struct BlobStore {
    pub(crate) config: BlobsConfig,
    pub(crate) ports: Ports,
    pub(crate) storage: Storage,
    pub(crate) catalog: Catalog,
}

impl BlobStore {
    /// Over this storage.
    ///
    /// # Errors
    /// When the store refuses the collections.
    pub async fn open(
        config: BlobsConfig,
        storage: Storage,
        ports: Ports,
    ) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self {
            catalog: Catalog::open(&*ports.store).await?,
            config,
            ports,
            storage,
        }))
    }

    /// Where the bytes are.
    #[must_use]
    pub const fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Bytes that the tenant's files may have together.
    pub(crate) async fn room(&self, tenant: &TenantId) -> Result<u64, StoreError> {
        let planned = match &self.ports.quota {
            Some(quota) => quota.storage_bytes_max(tenant).await?,
            None => None,
        };
        Ok(planned.unwrap_or(self.config.tenant_bytes_max))
    }

    /// What a token stands for, if it is good.
    pub(crate) fn claim(&self, token: &str) -> Option<Claim> {
        link::verify(&self.config.link_key, token, self.ports.clock.now())
    }
}

#[async_trait]
impl Blobs for BlobStore {
    async fn stat(&self, unit: &dyn UnitOfWork, id: &str) -> Result<Option<BlobInfo>, BlobError> {
        if ulid_time(id).is_none() {
            return Ok(None);
        }
        Ok(self.catalog.get(unit, id).await?)
    }

    async fn read(
        &self,
        unit: &dyn UnitOfWork,
        tenant: &TenantId,
        id: &str,
        offset: u64,
        length: u32,
    ) -> Result<Bytes, BlobError> {
        let blob = self.stat(unit, id).await?.ok_or(BlobError::NotFound)?;
        if offset > blob.size_bytes {
            let size = blob.size_bytes;
            return Err(BlobError::Invalid(format!("The file ends at {size}.")));
        }
        let length = u64::from(length).min(CONTENT_BYTES_MAX as u64);
        let end = offset.saturating_add(length).min(blob.size_bytes);
        if offset == end {
            return Ok(Bytes::new());
        }
        let read = self.storage.read(tenant, id, offset..end).await;
        read.map_err(unavailable)?
            .ok_or_else(|| BlobError::Unavailable(format!("the bytes of {id} are gone")))
    }

    async fn write(
        &self,
        unit: &dyn UnitOfWork,
        tenant: &TenantId,
        blob: NewBlob,
    ) -> Result<BlobInfo, BlobError> {
        let NewBlob { id, name, content } = blob;
        if !name::is_plain(&name) {
            return Err(BlobError::Invalid("This is no plain file name.".into()));
        }
        let created_at = ulid_time(&id);
        let created_at = created_at.ok_or_else(|| BlobError::Invalid("This is no id.".into()))?;
        let room = self.room(tenant).await?;
        let terms = Terms {
            declared: "",
            name: &name,
            bytes_max: CONTENT_BYTES_MAX as u64,
            kinds: &self.config.kinds,
        };
        let writer = self.storage.writer(tenant, &id);
        let all = futures::stream::iter([Ok(content)]);
        let received = receive(all, writer, &terms).await.map_err(refused)?;
        let blob = BlobInfo {
            id,
            name,
            content_type: received.kind.into(),
            size_bytes: received.size_bytes,
            digest: received.digest,
            owner: None,
            public: false,
            created_at,
        };
        if let Err(error) = self.catalog.add(unit, &blob, room).await {
            self.discard(tenant, &blob.id).await;
            return Err(error);
        }
        Ok(blob)
    }

    async fn discard(&self, tenant: &TenantId, id: &str) {
        if let Err(error) = self.storage.delete(tenant, id).await {
            tracing::warn!(%error, "bytes without a document stay until the next sweep");
        }
    }

    async fn remove(&self, unit: &dyn UnitOfWork, id: &str) -> Result<bool, BlobError> {
        if ulid_time(id).is_none() {
            return Ok(false);
        }
        Ok(self.catalog.remove(unit, id).await?)
    }

    fn link(&self, tenant: &TenantId, id: &str, expires_at: Millis) -> String {
        let claim = Claim {
            tenant: tenant.clone(),
            id: id.to_owned(),
            expires_at,
        };
        format!("{LINKS}{}", link::sign(&self.config.link_key, &claim))
    }
}

fn unavailable(error: StorageError) -> BlobError {
    BlobError::Unavailable(error.to_string())
}

fn refused(error: IntakeError) -> BlobError {
    match error {
        IntakeError::TooLarge(_) => BlobError::Limit(error.to_string()),
        IntakeError::Kind(_) | IntakeError::Empty => BlobError::Invalid(error.to_string()),
        IntakeError::Cut(_) | IntakeError::Storage(_) => BlobError::Unavailable(error.to_string()),
    }
}
