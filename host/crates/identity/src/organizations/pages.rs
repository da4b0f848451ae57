//! The caller's organisation's part of a list.

use stoa_kernel::call::Request;
use stoa_kernel::error::Problem;
use stoa_kernel::query::{Filter, Query};

pub(super) use stoa_kernel::paging::{Page, PageQuery, asked_in};

use super::Organizations;
use super::access::{insider, organization};
use super::filters::{equal, oldest_first};
use crate::platform::{List, Unit, unavailable};
use crate::records::Record;

/// The part of the caller's organisation that the request asks for, and the unit of work that read it.
pub(super) async fn of_organization<R: Record>(
    service: &Organizations,
    request: &Request,
) -> Result<(Unit, Query, List<R>), Problem> {
    let tenant = insider(request)?.tenant;
    let query = asked(&request.query, equal(&[("tenant", tenant.as_str())])?)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    organization(&unit, tenant).await?;
    let found = unit.list(&query).await?;
    Ok((unit, query, found))
}

/// The records that the query string asks for, of those that `filter` admits, oldest first.
pub(super) fn asked(query_string: &str, filter: Filter) -> Result<Query, Problem> {
    let filter = Some(filter);
    let part = asked_in(query_string, oldest_first()?)?;
    Ok(Query { filter, ..part })
}
