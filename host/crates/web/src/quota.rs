//! How often somebody may call. Every request is counted here, before anything is done for it.
//!
//! The headers are those of draft-ietf-httpapi-ratelimit-headers-10.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use stoa_kernel::call::{IPV6_PREFIX_BITS, network_of};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::Account;
use stoa_kernel::quota::{Quota, Quotas, Verdict};
use stoa_kernel::wit::RouteClass;

use crate::edge::Shared;
use crate::trail::Trail;

/// Seconds in which a quota comes back: the settings count by the minute.
const WINDOW_S: u32 = 60;

/// What the quota of organisations is called in headers and keys. Those of addresses are called as their class is.
const ORGANIZATION: &str = "organization";

/// What the quota of messages by WebSocket and Socket.IO is called.
const MESSAGES: &str = "messages";

/// The problem's code.
const RATE_LIMITED: &str = "rate-limited";

/// A policy and every quota under it.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of the quotas.
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// How a client stands with one of its quotas after a request.
pub(crate) struct Standing {
    policy: &'static str,
    quota: Quota,
    verdict: Verdict,
}

/// Counts a request against its address's quota for routes of this class. Nobody needs to know who calls for it, so
/// that a flood of bad tokens costs nothing.
pub(crate) async fn count_address(
    shared: &Shared,
    class: RouteClass,
    trail: &mut Trail,
) -> Result<(), Problem> {
    of_address(shared, class, trail.address, &mut trail.standings).await
}

/// Counts somebody who says on an open connection who they are, as a request of their address.
pub(crate) async fn count_introduction(
    shared: &Shared,
    address: Option<IpAddr>,
) -> Result<(), Problem> {
    of_address(shared, RouteClass::Default, address, &mut Vec::new()).await
}

async fn of_address(
    shared: &Shared,
    class: RouteClass,
    address: Option<IpAddr>,
    standings: &mut Vec<Standing>,
) -> Result<(), Problem> {
    let (Some(quotas), Some(address)) = (&shared.ports.quotas, address) else {
        return Ok(());
    };
    let limits = &shared.config.limits;
    let per_minute = match class {
        RouteClass::Default => limits.per_minute,
        RouteClass::SignIn => limits.sign_in_per_minute,
        RouteClass::Files => limits.files_per_minute,
    };
    let who = client(address);
    count(&**quotas, class.as_str(), &who, per_minute, standings).await
}

/// Counts a message of a connection against its account's quota and its organisation's.
pub(crate) async fn count_message(shared: &Shared, account: &Account) -> Result<(), Problem> {
    let Some(quotas) = &shared.ports.quotas else {
        return Ok(());
    };
    let standings = &mut Vec::new();
    let tenant = account.tenant.as_ref().map_or("", TenantId::as_str);
    let who = format!("{tenant}/{}", account.id);
    let per_minute = shared.config.limits.messages_per_minute;
    count(&**quotas, MESSAGES, &who, per_minute, standings).await?;
    of_organization(shared, &**quotas, account, standings).await
}

/// Counts a request against the quota of the organisation that the account speaks for.
pub(crate) async fn count_organization(
    shared: &Shared,
    account: Option<&Account>,
    trail: &mut Trail,
) -> Result<(), Problem> {
    let (Some(quotas), Some(_)) = (&shared.ports.quotas, trail.address) else {
        return Ok(());
    };
    match account {
        Some(account) => of_organization(shared, &**quotas, account, &mut trail.standings).await,
        None => Ok(()),
    }
}

async fn of_organization(
    shared: &Shared,
    quotas: &dyn Quotas,
    account: &Account,
    standings: &mut Vec<Standing>,
) -> Result<(), Problem> {
    let Some(tenant) = &account.tenant else {
        return Ok(());
    };
    let of_all = shared.config.limits.organization_per_minute;
    let planned = match &shared.ports.organization_quota {
        Some(plans) => plans.requests_per_minute(tenant).await,
        None => Some(of_all),
    };
    match planned {
        Some(per_minute) => count(quotas, ORGANIZATION, tenant, per_minute, standings).await,
        // It is no organisation but everybody who has none, such as a shop's customers: nobody is to use up what
        // belongs to all others.
        None => {
            let who = format!("{tenant}/{}", account.id);
            count(quotas, ORGANIZATION, &who, of_all, standings).await
        }
    }
}

async fn count(
    quotas: &dyn Quotas,
    policy: &'static str,
    who: &(dyn fmt::Display + Sync),
    per_minute: u32,
    standings: &mut Vec<Standing>,
) -> Result<(), Problem> {
    let quota = Quota {
        calls: per_minute.max(1),
        window_s: WINDOW_S,
    };
    let verdict = quotas.take(&format!("{policy}:{who}"), quota).await;
    if !verdict.admitted {
        // The one that refuses is the one to wait for.
        standings.clear();
    }
    standings.push(Standing {
        policy,
        quota,
        verdict,
    });
    if verdict.admitted {
        return Ok(());
    }
    let seconds = verdict.retry_after_s;
    let detail = format!("Too many requests; try again in {seconds} seconds.");
    Err(Problem {
        retry_after_s: Some(seconds),
        ..Problem::new(429, RATE_LIMITED, detail)
    })
}

/// Tells a client how it stands.
pub(crate) fn tell(standings: &[Standing], headers: &mut HeaderMap) {
    if standings.is_empty() {
        return;
    }
    let (mut policies, mut left) = (String::new(), String::new());
    for (place, standing) in standings.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let Standing {
            policy,
            quota,
            verdict,
        } = standing;
        // `Retry-After` must not be earlier than `t`.
        let t = if verdict.admitted {
            verdict.reset_s
        } else {
            verdict.retry_after_s
        };
        let (q, w, r) = (quota.calls, quota.window_s, verdict.remaining);
        // Writing to a text can't fail.
        let _ = write!(policies, "{comma}\"{policy}\";q={q};w={w}");
        let _ = write!(left, "{comma}\"{policy}\";r={r};t={t}");
    }
    for (name, text) in [(POLICY, policies), (LEFT, left)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// Whom an address stands for, as keys and logs say it.
fn client(address: IpAddr) -> String {
    match network_of(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/{IPV6_PREFIX_BITS}"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::client;

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        for (address, who) in [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(client(address.parse().unwrap()), who);
        }
    }
}
