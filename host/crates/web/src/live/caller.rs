//! Who opens a connection: by the header, by what browsers can send instead of it, or by a ticket.

use std::net::IpAddr;

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::request::Parts;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Account;
use stoa_kernel::wit::{Bearer, RouteClass};

use crate::edge::Shared;
use crate::trail::Trail;
use crate::{auth, quota, tenant};

/// How a subprotocol begins that is a token: browsers can send no header with a WebSocket, but they can offer these.
const BEARER_PROTOCOL: &str = "bearer.";

/// The parameter of the query that names a ticket. Tokens are no parameters: queries are written into logs on the way.
const TICKET: &str = "ticket";

/// Who is connected.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The account, as it was when it was looked at last.
    pub account: Account,
    /// Whose channels.
    pub tenant: TenantId,
    /// Where the client is.
    pub address: Option<IpAddr>,
}

/// Whoever sends this head. It counts as a request of theirs.
pub(crate) async fn of(
    shared: &Shared,
    head: &Parts,
    trail: &mut Trail,
) -> Result<Caller, Problem> {
    quota::count_address(shared, RouteClass::Default, trail).await?;
    let account = account(shared, head).await?;
    let account = account.ok_or_else(Problem::unauthenticated)?;
    admit(shared, account, head, trail).await
}

/// The connection of an account.
async fn admit(
    shared: &Shared,
    account: Account,
    head: &Parts,
    trail: &mut Trail,
) -> Result<Caller, Problem> {
    quota::count_organization(shared, Some(&account), trail).await?;
    let tenant = tenant::of(Some(&account), head, shared).await?;
    trail.tenant = Some(tenant.clone());
    Ok(Caller {
        account,
        tenant,
        address: trail.address,
    })
}

/// The account that the head names, if it names one.
pub(crate) async fn account(shared: &Shared, head: &Parts) -> Result<Option<Account>, Problem> {
    let identity = &*shared.ports.identity;
    let named = auth::account(&head.headers, Bearer::Checked, identity).await?;
    if named.is_some() {
        return Ok(named);
    }
    let offered = head.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let offered = offered.filter_map(|line| line.to_str().ok());
    let token = offered
        .flat_map(|line| line.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(BEARER_PROTOCOL));
    if let Some(token) = token {
        return by_token(shared, token).await.map(Some);
    }
    let query = head.uri.query().unwrap_or_default();
    let ticket = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == TICKET);
    match ticket {
        Some((_, ticket)) => by_ticket(shared, &ticket).await.map(Some),
        None => Ok(None),
    }
}

/// The account that a token speaks for.
pub(crate) async fn by_token(shared: &Shared, token: &str) -> Result<Account, Problem> {
    let authenticated = shared.ports.identity.authenticate(token).await;
    authenticated.map_err(auth::unknown)
}

/// The account that a ticket speaks for, this once.
pub(crate) async fn by_ticket(shared: &Shared, ticket: &str) -> Result<Account, Problem> {
    let redeemed = shared.ports.identity.redeem_ticket(ticket).await;
    redeemed.map_err(auth::unknown)
}
