//! Revisions, and how they differ.

use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::hex::{hex, unhex};
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::query::Query;
use stoa_kernel::wire::json;
use utoipa::ToSchema;

use super::views::RevisionView;
use super::{asked, known, who};
use crate::books::{Stored, Unit, by, equal};
use crate::diff::Diff;
use crate::records::Revision;
use crate::registry::Registry;
use crate::trust::signatures;

/// Bytes of SHA-256.
const DIGEST_BYTES: usize = 32;

/// What is compared.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct DiffQuery {
    /// A version; all of `to` is new if absent.
    from: Option<String>,
    /// A version.
    to: String,
}

/// `GET /api/platform/plugins/{name}/revisions`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = known(&unit, &who, request).await?;
    let query = Query {
        filter: Some(equal(&[("plugin", name.as_str())])?),
        ..asked_in(&request.query, by("uploaded_at", true)?)?
    };
    let found = unit.list::<Revision>(&query).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for Stored { id, record } in found.records {
        let signed = signatures(&unit, &id).await?;
        let signed = signed.iter().map(|signature| hex(&signature.key)).collect();
        let permissions = record.package()?.manifest.permissions();
        items.push(RevisionView::of(id, record, signed, permissions));
    }
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}

/// `GET /api/platform/plugins/{name}/diff`
pub async fn diff(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = known(&unit, &who, request).await?;
    let to = asked(request, "to");
    let to = to.ok_or_else(|| Problem::invalid("to", "Which version?"))?;
    let to = of_version(&unit, &name, &to).await?.record.package()?;
    let from = match asked(request, "from") {
        Some(from) => Some(of_version(&unit, &name, &from).await?.record.package()?),
        None => None,
    };
    let from = from.as_ref().map(|package| &package.manifest);
    json(200, &Diff::between(from, &to.manifest))
}

/// The digest that is named by itself or by a version; exactly one of them.
pub async fn digest_of(
    registry: &Registry,
    plugin: &str,
    version: Option<String>,
    digest: Option<String>,
) -> Result<String, Problem> {
    match (version, digest) {
        (None, Some(digest)) => {
            let bytes: Option<[u8; DIGEST_BYTES]> = unhex(&digest);
            bytes.map(|_| digest).ok_or_else(Problem::not_found)
        }
        (Some(version), None) => {
            let unit = registry.books.unit().await?;
            Ok(of_version(&unit, plugin, &version).await?.id)
        }
        _ => Err(Problem::invalid("version", "Name a version, or a digest.")),
    }
}

async fn of_version(unit: &Unit, plugin: &str, version: &str) -> Result<Stored<Revision>, Problem> {
    let query = Query {
        filter: Some(equal(&[("plugin", plugin), ("version", version)])?),
        limit: 1,
        ..Query::default()
    };
    let mut found = unit.list::<Revision>(&query).await?.records;
    found.pop().ok_or_else(Problem::not_found)
}
