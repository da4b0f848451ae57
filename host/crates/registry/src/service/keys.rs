//! Keys that are trusted, and what is good no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::wire::{body, json, nothing, param};
use utoipa::ToSchema;

use super::views::KeyView;
use super::{asked, who};
use crate::books::{Stored, by};
use crate::keys::LINE_BYTES_MAX;
use crate::records::{Key, Revoked};
use crate::registry::Registry;

/// A key that is to be trusted.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKey {
    /// The Ed25519 public key in hex.
    key: String,
    /// Whose it is. Signatures by keys of one owner count once.
    owner: String,
    /// Names of plugins, or beginnings that end in `*`.
    plugins: BTreeSet<String>,
}

/// Why something is revoked.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct RevocationQuery {
    /// For those who read the audit.
    reason: Option<String>,
}

/// `GET /api/platform/keys`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let query = asked_in(&request.query, by("added_at", false)?)?;
    let unit = registry.books.unit().await?;
    let found = unit.list::<Key>(&query).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for Stored { id, record } in found.records {
        let revoked = unit.get::<Revoked>(&id).await?.is_some();
        items.push(KeyView::of(id, record, revoked));
    }
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}

/// `POST /api/platform/keys`
pub async fn add(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let new: NewKey = body(request)?;
    let added = registry.add_key(&who, &new.key, &new.owner, new.plugins);
    let row = added.await?;
    json(201, &KeyView::of(new.key, row, false))
}

/// `DELETE /api/platform/keys/{id}`
pub async fn revoke(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let reason = asked(request, "reason").unwrap_or_default();
    if reason.len() > LINE_BYTES_MAX {
        return Err(Problem::invalid(
            "reason",
            "A reason has at most 200 bytes.",
        ));
    }
    registry
        .revoke(&who, param(request, "id")?, &reason)
        .await?;
    Ok(nothing())
}
