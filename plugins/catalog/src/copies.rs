//! Short-lived copies of what everybody may see of a product, so that a popular one costs no read.

use stoa_guest::prelude::*;

/// How long a copy is good: the watch shop promises its clients a minute.
const TTL_MS: u64 = 60_000;

/// The copy of a product's public answer.
pub fn find(id: &str) -> Option<Vec<u8>> {
    crate::check::is_id(id).then(|| cache::get_bytes(&key(id)))?
}

/// Keeps the public answer for a while.
pub fn keep(id: &str, answer: &[u8]) {
    cache::set_bytes(&key(id), answer, TTL_MS);
}

/// Drops the copy, because the product changes. Everything that writes a product calls it.
pub fn drop(id: &str) {
    cache::remove(&key(id));
}

fn key(id: &str) -> String {
    format!("product:{id}")
}
