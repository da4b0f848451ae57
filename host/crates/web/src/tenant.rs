//! Whose data a request is about.

use http::header::HOST;
use http::request::Parts;
use stoa_kernel::error::Problem;
use stoa_kernel::id::{InvalidTenantId, TenantId};
use stoa_kernel::identity::Account;

use crate::auth::RETRY_AFTER_S;
use crate::config::EdgeConfig;
use crate::edge::Shared;

/// Names the tenant of a request that has no token and comes to a host that stands for none.
pub(crate) const HEADER: &str = "x-tenant";

/// The token's organisation, else the host name's, else the header's, else the default one.
/// What a token says nothing overrules.
pub(crate) async fn of(
    account: Option<&Account>,
    head: &Parts,
    shared: &Shared,
) -> Result<TenantId, Problem> {
    if let Some(tenant) = account.and_then(|account| account.tenant.as_ref()) {
        return Ok(tenant.clone());
    }
    let addressed = addressed(head, &shared.config);
    let tenant = addressed.ok_or_else(|| Problem::invalid(HEADER, InvalidTenantId.to_string()))?;
    if may_be_named(&tenant, shared).await? {
        Ok(tenant)
    } else {
        Err(Problem::not_found())
    }
}

/// The tenant whose data it would be about without a token, whether or not there is such; none if what the header names
/// can't be one.
pub(crate) fn addressed(head: &Parts, config: &EdgeConfig) -> Option<TenantId> {
    if let Some(tenant) = of_host(head, config) {
        return Some(tenant.clone());
    }
    match head.headers.get(HEADER) {
        None => Some(config.default_tenant.clone()),
        Some(value) => TenantId::parse(value.to_str().ok()?).ok(),
    }
}

/// Whoever names a tenant for the first time makes its database, so strangers may name only organisations and
/// what the configuration knows; a development host, which gives tokens for any organisation anyway, takes all.
async fn may_be_named(tenant: &TenantId, shared: &Shared) -> Result<bool, Problem> {
    let config = &shared.config;
    if config.dev_tokens
        || *tenant == config.default_tenant
        || config.hosts.values().any(|known| known == tenant)
    {
        return Ok(true);
    }
    let known = shared.ports.identity.has_tenant(tenant).await;
    known.map_err(|error| Problem::unavailable(RETRY_AFTER_S, error.to_string()))
}

fn of_host<'a>(head: &Parts, config: &'a EdgeConfig) -> Option<&'a TenantId> {
    if config.hosts.is_empty() {
        return None;
    }
    let host = match head.uri.host() {
        Some(host) => host,
        None => without_port(head.headers.get(HOST)?.to_str().ok()?),
    };
    config.hosts.get(host.to_ascii_lowercase().as_str())
}

/// `shop.example:8080` without `:8080`; an IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (host, name) in [
            ("shop.example", "shop.example"),
            ("shop.example:8080", "shop.example"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
