//! `POST /api/blobs`: a file on its way in.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use stoa_kernel::answer::{IdempotencyKey, StoredAnswer};
use stoa_kernel::blob::{BlobInfo, Blobs as _};
use stoa_kernel::call::{Chunks, Incoming, Request, Response, Source, Streamed};
use stoa_kernel::error::Problem;
use stoa_kernel::hex::hex;
use stoa_kernel::identity::Role;
use stoa_kernel::limits::COMMIT_TRIES_MAX;
use stoa_kernel::random::ulid;
use stoa_kernel::store::CommitError;
use tokio::time::{Instant, timeout_at};

use super::{Inner, account, blob_problem, commit_problem, form, header, own, schemas};
use super::{RETRY_AFTER_S, store_problem};
use crate::catalog::full;
use crate::intake::{IntakeError, Terms, receive};
use crate::kind::is_image;
use crate::name;

/// Uploads at the same time: each holds a part of 8 MiB in memory.
pub const UPLOADS_AT_ONCE_MAX: usize = 32;

/// The same of one account: nobody is to hold all of them.
pub const UPLOADS_PER_ACCOUNT_MAX: u32 = 4;

/// Seconds of one upload: half a gigabyte over a slow line, and far less than bytes without a document live.
const UPLOAD_S_MAX: u64 = 3_600;

/// What the client says about the file.
struct Said {
    name: String,
    declared: String,
    public: bool,
}

/// Takes the file. It goes on beside the request, so that whatever ends that, bytes are cleared away that won't have a
/// document.
pub(super) async fn upload(
    inner: &Arc<Inner>,
    request: Request,
    body: Incoming,
) -> Result<Streamed, Problem> {
    let uploader = (request.tenant.clone(), account(&request)?.id.clone());
    let own = inner.uploaders.enter(&uploader);
    let own = own.ok_or_else(|| Problem {
        retry_after_s: Some(RETRY_AFTER_S),
        ..Problem::new(429, "too-many-uploads", "Let your other uploads end first.")
    })?;
    let uploads = Arc::clone(&inner.uploads);
    let place = uploads.try_acquire_owned();
    let place = place.map_err(|_| Problem {
        retry_after_s: Some(RETRY_AFTER_S),
        ..Problem::new(503, "busy", "There is too much to do right now.")
    })?;
    let inner = Arc::clone(inner);
    let task = tokio::spawn(async move {
        let _places = (own, place);
        inner.take(&request, body).await
    });
    let taken = task.await;
    let response = taken.map_err(|error| Problem::internal(error.to_string()))??;
    Ok(response.into())
}

impl Inner {
    async fn take(&self, request: &Request, body: Incoming) -> Result<Response, Problem> {
        let account = account(request)?;
        if matches!(account.role, Role::Viewer | Role::Worker) {
            let detail = "Viewers and workers upload nothing.";
            return Err(Problem::new(403, "read-only-role", detail));
        }
        let (room, bytes_max) = self.bytes_max(request, body.length).await?;
        let until = Instant::now() + Duration::from_secs(UPLOAD_S_MAX);
        let (said, chunks) = match form::boundary(header(request, "content-type")) {
            Some(boundary) => {
                let form = timeout_at(until, form::open(body.chunks, boundary?)).await;
                let form = form.map_err(|_| too_slow())??;
                (
                    said(request, &form.name, &form.declared)?,
                    form.into_chunks(),
                )
            }
            None => {
                let declared = header(request, "content-type");
                let name = raw_name(header(request, "x-filename"));
                (said(request, &name, declared)?, body.chunks)
            }
        };
        let now = self.files.ports.clock.now();
        let id = ulid(now, &*self.files.ports.random);
        let terms = Terms {
            declared: &said.declared,
            name: &said.name,
            bytes_max,
            kinds: &self.files.config.kinds,
        };
        let writer = self.files.storage.writer(&request.tenant, &id);
        // The time is the stream's, not the writer's: what is written is taken away again when it is over.
        let received = receive(in_time(chunks, until), writer, &terms).await;
        let received = received.map_err(|error| self.refused(error, room))?;
        let blob = BlobInfo {
            id,
            name: said.name,
            content_type: received.kind.into(),
            size_bytes: received.size_bytes,
            digest: received.digest,
            owner: Some(account.id.clone()),
            public: said.public,
            created_at: now,
        };
        let answered = self.commit(request, &blob, room).await;
        let is_kept = matches!(&answered, Ok(response) if response.source == Source::Handler);
        let is_unknown = matches!(&answered, Err(problem) if problem.status == 503);
        if !is_kept && !is_unknown {
            self.files.discard(&request.tenant, &blob.id).await;
        }
        answered
    }

    /// The tenant's room, and how many bytes this file may have. What says that it has more is refused unread.
    async fn bytes_max(
        &self,
        request: &Request,
        length: Option<u64>,
    ) -> Result<(u64, u64), Problem> {
        let files = &self.files;
        let room = files.room(&request.tenant).await.map_err(store_problem)?;
        let unit = files.ports.store.begin(&request.tenant).await;
        let unit = unit.map_err(store_problem)?;
        let used = files.catalog.used(&*unit).await.map_err(store_problem)?;
        let upload_bytes_max = files.config.upload_bytes_max;
        let bytes_max = upload_bytes_max.min(room.saturating_sub(used));
        match length {
            Some(length) if length > upload_bytes_max => Err(too_large(upload_bytes_max)),
            // A form is a little longer than its file; the file itself is counted as it comes.
            _ if bytes_max == 0 => Err(blob_problem(full(room))),
            _ => Ok((room, bytes_max)),
        }
    }

    fn refused(&self, error: IntakeError, room: u64) -> Problem {
        let upload_bytes_max = self.files.config.upload_bytes_max;
        match error {
            IntakeError::TooLarge(bytes_max) if bytes_max < upload_bytes_max => {
                blob_problem(full(room))
            }
            IntakeError::TooLarge(bytes_max) => too_large(bytes_max),
            IntakeError::Kind(why) => Problem::new(415, "unsupported-media-type", why),
            IntakeError::Empty => Problem::invalid("file", "The file is empty."),
            IntakeError::Cut(error) => {
                let detail = "The file ended early, took too long, or is malformed.";
                Problem::new(400, "invalid-body", detail).because(error.to_string())
            }
            IntakeError::Storage(error) => Problem::unavailable(RETRY_AFTER_S, error.to_string()),
        }
    }

    /// Makes it known, once for each idempotency key.
    async fn commit(
        &self,
        request: &Request,
        blob: &BlobInfo,
        room: u64,
    ) -> Result<Response, Problem> {
        if blob.public && !is_image(&blob.content_type) {
            let detail = "Only pictures can be public.";
            return Err(Problem::invalid("public", detail));
        }
        let files = &self.files;
        let key = request.idempotency.as_ref().map(|key| covering(key, blob));
        let response = schemas::view(files, &request.tenant, blob, 201)?;
        for _ in 0..COMMIT_TRIES_MAX {
            if let Some(key) = &key
                && let Some(stored) = self.stored(request, key).await?
            {
                return Ok(stored);
            }
            let unit = files.ports.store.begin(&request.tenant).await;
            let unit = unit.map_err(store_problem)?;
            let added = files.catalog.add(&*unit, blob, room).await;
            added.map_err(blob_problem)?;
            if let Some(key) = &key {
                let now = files.ports.clock.now();
                let answer = StoredAnswer::of(key, &response, now)?;
                unit.keep_answer(&key.id, answer);
            }
            match unit.commit().await {
                Ok(()) => return Ok(response),
                Err(CommitError::Conflict | CommitError::Answered) => {}
                Err(error) => return Err(commit_problem(error)),
            }
        }
        Err(own::conflict())
    }

    async fn stored(
        &self,
        request: &Request,
        key: &IdempotencyKey,
    ) -> Result<Option<Response>, Problem> {
        let store = &self.files.ports.store;
        let stored = store.stored_answer(&request.tenant, &key.id).await;
        let stored = stored.map_err(store_problem)?;
        stored.map(|stored| stored.told(key)).transpose()
    }
}

/// What comes until then, and an error.
fn in_time(chunks: Chunks, until: Instant) -> Chunks {
    let next = move |mut chunks: Chunks| async move {
        match timeout_at(until, chunks.next()).await {
            Ok(Some(chunk)) => Ok(Some((chunk?, chunks))),
            Ok(None) => Ok(None),
            Err(_) => Err(io::Error::from(ErrorKind::TimedOut)),
        }
    };
    futures::stream::try_unfold(chunks, next).boxed()
}

fn said(request: &Request, name: &str, declared: &str) -> Result<Said, Problem> {
    let mut query = form_urlencoded::parse(request.query.as_bytes());
    let public = query.find(|(name, _)| name == "public");
    let public = match public.as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::invalid(
                "public",
                "This is neither true nor false.",
            ));
        }
    };
    Ok(Said {
        name: name::clean(name),
        declared: declared.to_owned(),
        public,
    })
}

/// `X-Filename` is percent-encoded, for headers are ASCII.
fn raw_name(sent: &str) -> String {
    // What separates pairs and words elsewhere is a letter here.
    let encoded = sent
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(encoded.as_bytes());
    pairs
        .next()
        .map_or(String::new(), |(name, _)| name.into_owned())
}

/// The key with the file's digest in its fingerprint: the edge has not seen the body.
fn covering(key: &IdempotencyKey, blob: &BlobInfo) -> IdempotencyKey {
    let mut hash = Sha256::new();
    for part in [&key.fingerprint, &blob.digest, &blob.name] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    IdempotencyKey {
        id: key.id.clone(),
        fingerprint: hex(&hash.finalize()),
    }
}

fn too_slow() -> Problem {
    Problem::new(408, "request-timeout", "The file took too long to arrive.")
}

fn too_large(bytes_max: u64) -> Problem {
    Problem::new(
        413,
        "body-too-large",
        format!("A file has at most {bytes_max} bytes."),
    )
}
