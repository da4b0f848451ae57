//! What caches may keep: answers that everybody gets. The host tells who has one already that it is still good.

use sha2::{Digest as _, Sha256};
use stoa_guest::prelude::*;
use stoa_guest::text::hex;

/// How long a copy is good without asking again: a change shows within a minute.
const KEPT: &str = "public, max-age=60";

/// What an answer may hang on beside its address: a cache must not tell an administrator's to others, nor one
/// organisation's to another.
const VARY: &str = "authorization, x-tenant";

/// Bytes of a digest that tell two answers apart.
const TAG_BYTES: usize = 12;

/// The answer, marked for caches. Those to administrators may hold what nobody else sees: they are kept nowhere.
pub fn marked(caller: &Caller, answer: impl IntoResponse) -> Result<Response> {
    let answer = answer.into_response()?;
    if caller.is_admin() {
        return Ok(answer);
    }
    let tag = tag(&answer.body);
    Ok(answer
        .with_header("cache-control", KEPT)
        .with_header("vary", VARY)
        .with_header("etag", tag))
}

/// Weak, because the host may compress the answer on its way.
fn tag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let digest = digest.get(..TAG_BYTES).unwrap_or(&digest);
    format!("W/\"{}\"", hex(digest))
}
