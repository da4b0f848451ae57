//! The public keys, for those who verify access tokens themselves.

use serde_json::Value;
use stoa_kernel::call::Response;
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::Accounts;
use crate::wire::json;

/// Seconds that others may keep the keys: a rotated key signs at once, so this is how long its tokens may be
/// unknown to them.
const CACHE_S: u32 = 300;

/// A JSON Web Key Set.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "the key ring answers it; this is its schema")]
pub(super) struct JwkSet(Value);

/// `GET /.well-known/jwks.json`
pub(super) fn show(service: &Accounts) -> Result<Response, Problem> {
    let mut response = json(200, &service.tokens.keys().jwks())?;
    for (name, value) in &mut response.headers {
        if name == "cache-control" {
            *value = format!("public, max-age={CACHE_S}");
        }
    }
    Ok(response)
}
