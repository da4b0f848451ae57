//! What accounts do with files of theirs. Somebody else's look like none.

use bytes::Bytes;
use stoa_kernel::blob::{BlobInfo, Blobs as _};
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::store::{CommitError, UnitOfWork};

use super::{account, blob_problem, commit_problem, param, schemas, store_problem};
use crate::blobs::BlobStore;

/// `GET /api/blobs/{id}`.
pub(super) async fn show(files: &BlobStore, request: &Request) -> Result<Response, Problem> {
    let unit = files.ports.store.begin(&request.tenant).await;
    let unit = unit.map_err(store_problem)?;
    let blob = own(files, &*unit, request).await?;
    schemas::view(files, &request.tenant, &blob, 200)
}

/// `DELETE /api/blobs/{id}`.
pub(super) async fn remove(files: &BlobStore, request: &Request) -> Result<Response, Problem> {
    for _ in 0..COMMIT_TRIES_MAX {
        let unit = files.ports.store.begin(&request.tenant).await;
        let unit = unit.map_err(store_problem)?;
        let blob = own(files, &*unit, request).await?;
        let removed = files.remove(&*unit, &blob.id).await;
        removed.map_err(blob_problem)?;
        match unit.commit().await {
            Ok(()) => {
                // Whoever uploads and removes again and again would fill the disk until the next sweep.
                files.discard(&request.tenant, &blob.id).await;
                return Ok(Response {
                    status: 204,
                    headers: Vec::new(),
                    body: Bytes::new(),
                    source: Source::Handler,
                });
            }
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(commit_problem(error)),
        }
    }
    Err(conflict())
}

/// The file that the request names, if it is the caller's to know of.
async fn own(
    files: &BlobStore,
    unit: &dyn UnitOfWork,
    request: &Request,
) -> Result<BlobInfo, Problem> {
    let account = account(request)?;
    let found = files.stat(unit, param(request, "id")).await;
    let found = found.map_err(blob_problem)?;
    let is_own =
        |blob: &BlobInfo| account.role == Role::Admin || blob.owner.as_ref() == Some(&account.id);
    found.filter(is_own).ok_or_else(Problem::not_found)
}

/// Too many at once.
pub(super) fn conflict() -> Problem {
    Problem::new(
        409,
        "conflict",
        "Too many requests changed the same thing at once; try again.",
    )
}
