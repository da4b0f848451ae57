//! What is known of files: documents of the host's own collections in each tenant's database.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_kernel::blob::{BlobError, BlobInfo};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::{CollectionName, HOST_PLUGIN};
use stoa_kernel::query::Query;
use stoa_kernel::store::{Document, Expiry, Realm, Store, StoreError, UnitOfWork};
use stoa_kernel::wit::Collection;

/// One document a blob.
const BLOBS: &str = "blobs";
/// The ids of blobs that are gone and whose bytes are not.
const REMOVED: &str = "blobs_removed";
/// One document: how many bytes the tenant's blobs have.
const USAGE: &str = "blobs_usage";
/// Its id.
const TOTAL: &str = "total";

/// A blob as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    name: String,
    content_type: String,
    size_bytes: u64,
    digest: String,
    owner: Option<String>,
    public: bool,
    created_at: Millis,
}

/// The collections.
pub struct Catalog {
    blobs: CollectionName,
    removed: CollectionName,
    usage: CollectionName,
}

impl Catalog {
    /// Declares the collections.
    ///
    /// # Errors
    /// When the store refuses them.
    pub async fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let collections = [BLOBS, REMOVED, USAGE].map(|name| (name.into(), Collection::default()));
        store
            .declare(Realm::Tenants, HOST_PLUGIN, &collections)
            .await?;
        let name = |name| CollectionName::new(HOST_PLUGIN, name);
        Ok(Self {
            blobs: name(BLOBS),
            removed: name(REMOVED),
            usage: name(USAGE),
        })
    }

    /// What is known of a blob.
    pub async fn get(
        &self,
        unit: &dyn UnitOfWork,
        id: &str,
    ) -> Result<Option<BlobInfo>, StoreError> {
        let found = unit.get(&self.blobs, id).await?;
        found.map(|document| info(&document)).transpose()
    }

    /// Which of these ids are blobs.
    pub async fn known(
        &self,
        unit: &dyn UnitOfWork,
        ids: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let found = unit.get_many(&self.blobs, ids).await?;
        Ok(found
            .iter()
            .map(|document| document.id.to_string())
            .collect())
    }

    /// Adds a blob, if there is room for it.
    pub async fn add(
        &self,
        unit: &dyn UnitOfWork,
        blob: &BlobInfo,
        tenant_bytes_max: u64,
    ) -> Result<(), BlobError> {
        let used = self.used(unit).await?;
        let total = used.saturating_add(blob.size_bytes);
        if total > tenant_bytes_max {
            return Err(full(tenant_bytes_max));
        }
        let record = Record {
            name: blob.name.clone(),
            content_type: blob.content_type.clone(),
            size_bytes: blob.size_bytes,
            digest: blob.digest.clone(),
            owner: blob.owner.clone(),
            public: blob.public,
            created_at: blob.created_at,
        };
        let body = serde_json::to_value(record);
        let body = body.map_err(|error| StoreError::Invalid(error.to_string()))?;
        unit.create(&self.blobs, &blob.id, body, Expiry::Never)
            .await?;
        Ok(self.set_used(unit, total).await?)
    }

    /// Removes a blob and notes that its bytes may go; false if there was none.
    pub async fn remove(&self, unit: &dyn UnitOfWork, id: &str) -> Result<bool, StoreError> {
        let Some(blob) = self.get(unit, id).await? else {
            return Ok(false);
        };
        unit.delete(&self.blobs, id).await?;
        unit.put(&self.removed, id, None, json!({}), Expiry::Never)
            .await?;
        let left = self.used(unit).await?.saturating_sub(blob.size_bytes);
        self.set_used(unit, left).await?;
        Ok(true)
    }

    /// How many bytes the tenant's blobs have.
    pub async fn used(&self, unit: &dyn UnitOfWork) -> Result<u64, StoreError> {
        let total = unit.get(&self.usage, TOTAL).await?;
        let total = total.map(|document| body(&document)).transpose()?;
        let bytes = total
            .as_ref()
            .and_then(|total| total.get("bytes")?.as_u64());
        Ok(bytes.unwrap_or(0))
    }

    async fn set_used(&self, unit: &dyn UnitOfWork, bytes: u64) -> Result<(), StoreError> {
        let total = json!({ "bytes": bytes });
        let put = unit.put(&self.usage, TOTAL, None, total, Expiry::Never);
        put.await.map(drop)
    }

    /// Up to `limit` blobs that are gone and whose bytes are not.
    pub async fn removed(
        &self,
        unit: &dyn UnitOfWork,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let query = Query {
            limit,
            ..Query::default()
        };
        let page = unit.query(&self.removed, &query).await?;
        Ok(page.items.iter().map(|item| item.id.to_string()).collect())
    }

    /// Notes that the bytes of a blob are gone, too.
    pub async fn forget(&self, unit: &dyn UnitOfWork, id: &str) -> Result<(), StoreError> {
        unit.delete(&self.removed, id).await.map(drop)
    }
}

/// The tenant's room is used up.
pub fn full(tenant_bytes_max: u64) -> BlobError {
    BlobError::Limit(format!(
        "There is room for {tenant_bytes_max} bytes of files, and this is beyond it."
    ))
}

fn body(document: &Document) -> Result<Value, StoreError> {
    serde_json::from_str(&document.body).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn info(document: &Document) -> Result<BlobInfo, StoreError> {
    let record: Record = serde_json::from_str(&document.body)
        .map_err(|error| StoreError::Unavailable(format!("a blob's document: {error}")))?;
    Ok(BlobInfo {
        id: document.id.to_string(),
        name: record.name,
        content_type: record.content_type,
        size_bytes: record.size_bytes,
        digest: record.digest,
        owner: record.owner,
        public: record.public,
        created_at: record.created_at,
    })
}
