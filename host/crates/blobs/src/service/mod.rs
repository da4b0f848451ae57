//! The service: what clients do with files.

mod download;
mod form;
mod own;
mod schemas;
mod upload;

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use stoa_kernel::blob::BlobError;
use stoa_kernel::call::{Incoming, Request, Response, Streamed};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Account;
use stoa_kernel::places::Places;
use stoa_kernel::service::Service;
use stoa_kernel::store::{CommitError, StoreError};
use stoa_kernel::wit::{Package, PackageError};
use tokio::sync::Semaphore;

use crate::blobs::BlobStore;
use crate::storage::StorageError;

pub use upload::{UPLOADS_AT_ONCE_MAX, UPLOADS_PER_ACCOUNT_MAX};

/// Seconds after which it is worth asking again, when store or storage did not answer.
const RETRY_AFTER_S: u32 = 1;

/// Tenants that are remembered to have files; beyond it all are looked up again.
const REMEMBERED_MAX: usize = 100_000;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct FilesService(Arc<Inner>);

struct Inner {
    files: Arc<BlobStore>,
    package: Arc<Package>,
    uploads: Arc<Semaphore>,
    /// Uploads by tenant and account.
    uploaders: Arc<Places<(TenantId, String)>>,
    /// Tenants that have had files: strangers may name them without making a database.
    tenants: RwLock<HashSet<TenantId>>,
}

impl FilesService {
    /// Over these files.
    ///
    /// # Errors
    /// When the manifest within this crate is none.
    pub fn new(files: Arc<BlobStore>) -> Result<Self, PackageError> {
        Ok(Self(Arc::new(Inner {
            files,
            package: Arc::new(schemas::package()?),
            uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE_MAX)),
            uploaders: Places::new(UPLOADS_PER_ACCOUNT_MAX),
            tenants: RwLock::default(),
        })))
    }
}

#[async_trait]
impl Service for FilesService {
    fn package(&self) -> &Arc<Package> {
        &self.0.package
    }

    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem> {
        match handler {
            "show_blob" => own::show(&self.0.files, &request).await,
            "remove_blob" => own::remove(&self.0.files, &request).await,
            unknown => Err(Problem::internal(format!("blobs has no handler {unknown}"))),
        }
    }

    fn streams(&self, handler: &str) -> bool {
        matches!(handler, "upload" | "picture" | "download")
    }

    async fn stream(
        &self,
        handler: &str,
        request: Request,
        body: Incoming,
    ) -> Result<Streamed, Problem> {
        match handler {
            "upload" => upload::upload(&self.0, request, body).await,
            "picture" => download::picture(&self.0, &request).await,
            "download" => download::download(&self.0, &request).await,
            unknown => Err(Problem::internal(format!("blobs has no handler {unknown}"))),
        }
    }
}

impl Inner {
    fn knows(&self, tenant: &TenantId) -> bool {
        let known = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        known.contains(tenant)
    }

    /// Whether a tenant that a stranger names has this file or one of those before. Asking its database would make
    /// one for whatever name anybody invents.
    async fn has_files(&self, tenant: &TenantId, id: &str) -> Result<bool, Problem> {
        if self.knows(tenant) {
            return Ok(true);
        }
        let has = self.files.storage.has(tenant, id).await;
        let has = has.map_err(storage_problem)?;
        if has {
            let mut known = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
            known.insert(tenant.clone());
        }
        Ok(has)
    }
}

fn param<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut params = request.params.iter();
    let found = params.find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut headers = request.headers.iter();
    let found = headers.find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// The route admits accounts alone.
fn account(request: &Request) -> Result<&Account, Problem> {
    let account = request.principal.account.as_ref();
    account.ok_or_else(Problem::unauthenticated)
}

fn store_problem(error: StoreError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}

fn storage_problem(error: StorageError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}

fn commit_problem(error: CommitError) -> Problem {
    Problem::unavailable(RETRY_AFTER_S, error.to_string())
}

fn blob_problem(error: BlobError) -> Problem {
    match error {
        BlobError::NotFound => Problem::not_found(),
        BlobError::Invalid(why) => Problem::invalid("file", why),
        BlobError::Limit(why) => Problem::new(413, "storage-full", why),
        BlobError::Unavailable(why) => Problem::unavailable(RETRY_AFTER_S, why),
        BlobError::Store(error) => store_problem(error),
    }
}
