//! What an `Idempotency-Key` stands for: digests, so that a stored record tells nothing about its request.

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use sha2::{Digest, Sha256};
use stoa_kernel::answer::IdempotencyKey;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Credential, Principal};
use stoa_kernel::limits::IDEMPOTENCY_KEY_BYTES_MAX;

use stoa_kernel::hex::hex;
use stoa_kernel::wit::Route;

/// The request's header.
pub(crate) const HEADER: &str = "idempotency-key";

/// The key of a request that has one. Of methods that change nothing it is ignored, and so it is where answers
/// are not to be kept.
pub(crate) fn key(
    head: &Parts,
    route: &Route,
    tenant: &TenantId,
    principal: &Principal,
    body: &Bytes,
) -> Result<Option<IdempotencyKey>, Problem> {
    let changes = matches!(
        head.method,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    );
    if !changes || !route.replay {
        return Ok(None);
    }
    let Some(value) = head.headers.get(HEADER) else {
        return Ok(None);
    };
    let key = value.as_bytes();
    if !(1..=IDEMPOTENCY_KEY_BYTES_MAX).contains(&key.len())
        || !key.iter().all(u8::is_ascii_graphic)
    {
        return Err(Problem::invalid(
            HEADER,
            "An idempotency key is 1 to 255 visible ASCII characters.",
        ));
    }
    let (kind, caller) = caller(principal);
    let (method, path) = (head.method.as_str(), path(head, route));
    let id = [tenant.as_str(), kind, caller, method, path].map(str::as_bytes);
    Ok(Some(IdempotencyKey {
        id: digest(id.into_iter().chain([key])),
        fingerprint: digest([head.uri.query().unwrap_or_default().as_bytes(), body]),
    }))
}

/// The path in one spelling: a slash at its end that the route has not makes no other request of it.
fn path<'a>(head: &'a Parts, route: &Route) -> &'a str {
    let path = head.uri.path();
    match path.strip_suffix('/') {
        Some(without) if !route.path.ends_with('/') => without,
        _ => path,
    }
}

/// A key of somebody's may do less than they: it is told nothing that they were.
fn caller(principal: &Principal) -> (&str, &str) {
    match (&principal.account, &principal.session) {
        (Some(account), _) => match &account.credential {
            Credential::Key { id, .. } => ("key", id),
            Credential::Development | Credential::Session(_) => ("account", &account.id),
        },
        (None, Some(session)) => ("session", session),
        (None, None) => ("anonymous", ""),
    }
}

/// Every part counts with its length, so that no two lists of parts are the same text.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}
