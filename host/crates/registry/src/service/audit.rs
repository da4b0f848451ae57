//! Who did what.

use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::query::Query;
use stoa_kernel::wire::json;

use super::views::AuditView;
use super::who;
use crate::books::{by, equal};
use crate::records::Audit;
use crate::registry::Registry;
use crate::who::Standing;

/// `GET /api/platform/audit`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let filter = match &who.standing {
        Standing::Operator => None,
        Standing::Admin(tenant) => {
            let scope = Scope::Tenant(tenant.clone()).to_string();
            Some(equal(&[("scope", scope.as_str())])?)
        }
        Standing::Vendor => return Err(Problem::not_found()),
    };
    // Ids are ULIDs.
    let query = Query {
        filter,
        ..asked_in(&request.query, by("id", true)?)?
    };
    let unit = registry.books.unit().await?;
    let found = unit.list::<Audit>(&query).await?;
    let items: Vec<AuditView> = found.records.into_iter().map(AuditView::from).collect();
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}
