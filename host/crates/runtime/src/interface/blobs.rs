//! `stoa:blobs/blobs`.

use bytes::Bytes;
use stoa_kernel::blob::{BlobError, BlobInfo, CONTENT_BYTES_MAX, LINK_S_MAX, NewBlob};
use stoa_kernel::clock::Millis;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::DOCUMENT_ID_BYTES_MAX;

use super::random::told_ulid;
use crate::bindings::stoa::blobs::blobs::{Error, Host, Info};
use crate::fault::{Ended, Fault};
use crate::grants::Capability;
use crate::state::State;

/// Bytes of a file's name that are looked at at all.
const NAME_BYTES_MAX: usize = 255;

impl Host for State {
    async fn stat(&mut self, id: String) -> wasmtime::Result<Result<Info, Error>> {
        let scope = self.charge(Capability::Blobs, id.len())?;
        if id.len() > DOCUMENT_ID_BYTES_MAX {
            return Ok(Err(Error::NotFound));
        }
        // What is known rests on its document, so an answer that tells of it may be remembered.
        let found = scope.ports.blobs.stat(&*scope.unit, &id).await;
        let tenant = &scope.request.tenant;
        told(found.and_then(|found| {
            found
                .map(|blob| info(tenant, blob))
                .ok_or(BlobError::NotFound)
        }))
    }

    async fn read(
        &mut self,
        id: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let length = length.min(u32::try_from(CONTENT_BYTES_MAX).unwrap_or(u32::MAX));
        let scope = self.charge(Capability::Blobs, id.len())?;
        // The bytes never change, but whether they can be had does.
        scope.outside.open();
        let (unit, tenant) = (&*scope.unit, &scope.request.tenant);
        let read = scope.ports.blobs.read(unit, tenant, &id, offset, length);
        let read = read.await;
        self.charge_bytes(read.as_ref().map_or(0, Bytes::len))?;
        told(read.map(|bytes| bytes.to_vec()))
    }

    async fn write(
        &mut self,
        name: String,
        content: Vec<u8>,
    ) -> wasmtime::Result<Result<Info, Error>> {
        let scope = self.charge(Capability::Blobs, name.len() + content.len())?;
        if name.len() > NAME_BYTES_MAX {
            let reason = format!("a name has at most {NAME_BYTES_MAX} bytes");
            return Ok(Err(Error::Invalid(reason)));
        }
        if content.len() > CONTENT_BYTES_MAX {
            let reason = format!("at most {CONTENT_BYTES_MAX} bytes at once");
            return Ok(Err(Error::Limit(reason)));
        }
        // A second run writes over what the first one did.
        let blob = NewBlob {
            id: told_ulid(&scope),
            name,
            content: content.into(),
        };
        let (unit, tenant) = (&*scope.unit, &scope.request.tenant);
        let files = &scope.outside.files;
        files.write(&blob.id, &scope.ports.blobs, tenant);
        let written = scope.ports.blobs.write(unit, tenant, blob).await;
        told(written.map(|blob| info(tenant, blob)))
    }

    async fn remove(&mut self, id: String) -> wasmtime::Result<Result<bool, Error>> {
        let scope = self.charge(Capability::Blobs, id.len())?;
        if id.len() > DOCUMENT_ID_BYTES_MAX {
            return Ok(Ok(false));
        }
        told(scope.ports.blobs.remove(&*scope.unit, &id).await)
    }

    async fn link(&mut self, id: String, seconds: u32) -> wasmtime::Result<Result<String, Error>> {
        let scope = self.charge(Capability::Blobs, id.len())?;
        if id.len() > DOCUMENT_ID_BYTES_MAX {
            return Ok(Err(Error::NotFound));
        }
        let found = scope.ports.blobs.stat(&*scope.unit, &id).await;
        if let Err(error) = found.and_then(|found| found.ok_or(BlobError::NotFound)) {
            return told(Err(error));
        }
        // A link ends, so an answer with one is never told again.
        let now = scope.outside.time(|| scope.ports.clock.now());
        let lasts = Millis::from(seconds.clamp(1, LINK_S_MAX)) * 1_000;
        let tenant = &scope.request.tenant;
        let link = scope
            .ports
            .blobs
            .link(tenant, &id, now.saturating_add(lasts));
        self.charge_bytes(link.len())?;
        Ok(Ok(link))
    }
}

fn info(tenant: &TenantId, blob: BlobInfo) -> Info {
    Info {
        public_path: blob.public_path(tenant),
        id: blob.id,
        name: blob.name,
        content_type: blob.content_type,
        size_bytes: blob.size_bytes,
        digest: blob.digest,
        owner: blob.owner,
        created_at_ms: blob.created_at,
    }
}

/// What a guest is told. The documents failing ends it, as it does everywhere; the storage failing does not.
fn told<T>(answer: Result<T, BlobError>) -> wasmtime::Result<Result<T, Error>> {
    Ok(match answer {
        Ok(answer) => Ok(answer),
        Err(BlobError::NotFound) => Err(Error::NotFound),
        Err(BlobError::Invalid(reason)) => Err(Error::Invalid(reason)),
        Err(BlobError::Limit(reason)) => Err(Error::Limit(reason)),
        Err(BlobError::Unavailable(reason)) => {
            tracing::warn!(reason, "the storage of files fails a plugin");
            Err(Error::Unavailable("the files can't be reached".into()))
        }
        Err(BlobError::Store(stoa_kernel::store::StoreError::Limit(reason))) => {
            Err(Error::Limit(reason))
        }
        Err(BlobError::Store(error)) => return Err(Ended(Fault::Store(error.to_string())).into()),
    })
}
