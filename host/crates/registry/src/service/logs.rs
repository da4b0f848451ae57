//! What plugins log.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::LogLine;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::times::rfc3339;
use stoa_kernel::wire::json;
use utoipa::ToSchema;

use super::{asked, known_or_serving, who};
use crate::registry::Registry;
use crate::who::Standing;

/// Lines of an answer when the client names no number.
const LIMIT_DEFAULT: u32 = 100;

/// Which lines are wanted.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct LogQuery {
    /// Those after the line of this number.
    after: Option<u64>,
    /// Lines: 100 if absent, 200 at most.
    limit: Option<u32>,
    /// An operator's: of this tenant alone.
    tenant: Option<String>,
}

/// Lines, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct LogLines {
    items: Vec<LogLineView>,
}

/// A line.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogLineView {
    /// The later the higher.
    number: u64,
    at: String,
    tenant: String,
    request_id: String,
    level: &'static str,
    text: String,
}

impl From<LogLine> for LogLineView {
    fn from(line: LogLine) -> Self {
        Self {
            number: line.number,
            at: rfc3339(line.at),
            tenant: line.tenant.to_string(),
            request_id: line.request,
            level: line.level,
            text: line.text,
        }
    }
}

/// `GET /api/platform/plugins/{name}/logs`
pub async fn show(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, _) = known_or_serving(registry, &unit, &who, request).await?;
    let named = asked(request, "tenant").map(|text| TenantId::parse(&text));
    let named = named.transpose().map_err(|_| Problem::not_found())?;
    let tenant = match (&who.standing, named) {
        (Standing::Operator, named) => named,
        (Standing::Admin(own), None) => Some(own.clone()),
        (Standing::Admin(own), Some(named)) if *own == named => Some(named),
        (Standing::Admin(_) | Standing::Vendor, _) => return Err(Problem::not_found()),
    };
    let after = number(request, "after")?.unwrap_or(0);
    let limit = number(request, "limit")?.unwrap_or(LIMIT_DEFAULT.into());
    let limit = limit.clamp(1, PAGE_LIMIT_MAX.into()) as usize;
    let lines = registry.deployer.log(&name, tenant.as_ref(), after, limit);
    let items = lines.into_iter().map(LogLineView::from).collect();
    json(200, &LogLines { items })
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, Problem> {
    let number = asked(request, name).map(|text| text.parse());
    let wrong = |_| Problem::invalid(name, format!("{name} is a whole number."));
    number.transpose().map_err(wrong)
}
