//! Where somebody sets something: a plugin as it serves there.

use stoa_kernel::answer::IdempotencyKey;
use stoa_kernel::call::Request;
use stoa_kernel::deployment::{Scope, Serves};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::wire::param;
use stoa_kernel::wit::is_plugin_name;

use super::{asked, known, who};
use crate::registry::Registry;
use crate::switch::Act;
use crate::who::Who;

/// A plugin where somebody may set something for it.
pub struct Place {
    pub who: Who,
    pub scope: Scope,
    pub plugin: String,
    pub serves: Serves,
    key: Option<IdempotencyKey>,
}

impl Place {
    /// The plugin of the path, in the caller's tenant, in the one that an operator names, or for the deployment.
    ///
    /// # Errors
    /// 404 for what the caller may not know of; 409 for what serves nobody there.
    pub async fn of(
        registry: &Registry,
        request: &Request,
        tenant: Option<&TenantId>,
    ) -> Result<Self, Problem> {
        let who = who(request)?;
        let scope = who.scope(tenant)?;
        let plugin = param(request, "name")?;
        if !is_plugin_name(plugin) {
            return Err(Problem::not_found());
        }
        // What serves a tenant, its admins know of, whether or not the registry has rows about it.
        let Some(serves) = registry.deployer.serves(&scope, plugin) else {
            let unit = registry.books.unit().await?;
            known(&unit, &who, request).await?;
            return Err(Problem::new(409, "nothing-serves", "Nothing serves here."));
        };
        Ok(Self {
            plugin: plugin.to_owned(),
            who,
            scope,
            serves,
            key: request.idempotency.clone(),
        })
    }

    /// The same, where the query names the tenant.
    ///
    /// # Errors
    /// As [`Place::of`]; 404 for what is no tenant's id.
    pub async fn asked(registry: &Registry, request: &Request) -> Result<Self, Problem> {
        let tenant = asked(request, "tenant");
        let tenant = tenant.map(|text| TenantId::parse(&text)).transpose();
        let tenant = tenant.map_err(|_| Problem::not_found())?;
        Self::of(registry, request, tenant.as_ref()).await
    }

    /// What is done here.
    pub fn act(&self, expected: Option<u64>, reason: String) -> Act {
        Act {
            who: self.who.clone(),
            scope: self.scope.clone(),
            plugin: self.plugin.clone(),
            expected,
            reason,
            accept_loss: false,
            key: self.key.clone(),
        }
    }
}
