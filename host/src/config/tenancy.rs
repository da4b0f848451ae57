//! `[tenancy]`: which tenant a request belongs to.

use std::collections::HashMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use stoa_kernel::id::TenantId;

/// Which tenant a request belongs to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenancy {
    /// The tenant of a request that names none.
    #[serde(deserialize_with = "tenant")]
    pub default: TenantId,
    /// Tenants by host name, in lower case and without a port.
    #[serde(deserialize_with = "hosts")]
    pub hosts: HashMap<String, TenantId>,
}

fn tenant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TenantId, D::Error> {
    TenantId::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn hosts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<HashMap<String, TenantId>, D::Error> {
    let texts = HashMap::<String, String>::deserialize(deserializer)?;
    let parse = |(host, tenant): (String, String)| match TenantId::parse(&tenant) {
        Ok(tenant) => Ok((host.to_ascii_lowercase(), tenant)),
        Err(error) => Err(D::Error::custom(format!("{host}: {error}"))),
    };
    texts.into_iter().map(parse).collect()
}
