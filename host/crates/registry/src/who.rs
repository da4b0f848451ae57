//! Who asks, and what of what a plugin may do they can grant.

use std::collections::BTreeSet;

use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Role};
use stoa_kernel::wit::Permission;

use crate::books::Unit;
use crate::records::{Activation, Head, REGISTRY, activation_id, head_id};

/// Somebody who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The account.
    pub account: String,
    /// What it is to the registry.
    pub standing: Standing,
}

/// What somebody is to the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Runs the platform.
    Operator,
    /// Administers this tenant.
    Admin(TenantId),
    /// Uploads plugins.
    Vendor,
}

impl Who {
    /// The caller of a route.
    ///
    /// # Errors
    /// 404 for those to whom there is nothing here.
    pub fn of(account: &Account) -> Result<Self, Problem> {
        let standing = match (account.operator, account.role, &account.tenant) {
            (true, _, _) => Standing::Operator,
            (false, Role::Admin, Some(tenant)) => Standing::Admin(tenant.clone()),
            (false, Role::Vendor, _) => Standing::Vendor,
            _ => return Err(Problem::not_found()),
        };
        Ok(Self {
            account: account.id.clone(),
            standing,
        })
    }

    /// The registry itself.
    #[must_use]
    pub fn registry() -> Self {
        Self {
            account: REGISTRY.into(),
            standing: Standing::Operator,
        }
    }

    /// Whether it runs the platform.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.standing == Standing::Operator
    }

    /// Whether somebody decides who runs the platform, rather than the registry by rule.
    pub(crate) fn is_person_operating(&self) -> bool {
        self.is_operator() && self.account != REGISTRY
    }

    /// Where somebody acts who names this tenant, or none: an admin's place is the token's, whatever is named.
    ///
    /// # Errors
    /// 404 for a place that is not theirs.
    pub fn scope(&self, named: Option<&TenantId>) -> Result<Scope, Problem> {
        match (&self.standing, named) {
            (Standing::Operator, None) => Ok(Scope::Deployment),
            (Standing::Operator, Some(tenant)) => Ok(Scope::Tenant(tenant.clone())),
            (Standing::Admin(own), None) => Ok(Scope::Tenant(own.clone())),
            (Standing::Admin(own), Some(tenant)) if own == tenant => Ok(Scope::Tenant(own.clone())),
            (Standing::Admin(_) | Standing::Vendor, _) => Err(Problem::not_found()),
        }
    }

    /// What they can grant a plugin.
    pub(crate) async fn ceiling(&self, unit: &Unit, plugin: &str) -> Result<Ceiling, Problem> {
        match self.standing {
            Standing::Operator => Ok(Ceiling::All),
            Standing::Vendor => Ok(Ceiling::These(BTreeSet::new())),
            Standing::Admin(_) => of_deployment(unit, plugin).await.map(Ceiling::These),
        }
    }
}

/// What an operator granted a plugin for the deployment, or offered.
pub(crate) async fn of_deployment(
    unit: &Unit,
    plugin: &str,
) -> Result<BTreeSet<Permission>, Problem> {
    let scope = Scope::Deployment;
    let head: Head = unit
        .get(&head_id(&scope, plugin))
        .await?
        .unwrap_or_default();
    let mut granted = BTreeSet::new();
    for number in [head.number, head.offered].into_iter().flatten() {
        let row: Option<Activation> = unit.get(&activation_id(&scope, plugin, number)).await?;
        granted.extend(row.into_iter().flat_map(|row| row.grants));
    }
    Ok(granted)
}

/// The most that somebody can grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ceiling {
    /// Everything.
    All,
    /// These.
    These(BTreeSet<Permission>),
}

impl Ceiling {
    /// What of it they can't.
    pub fn beyond(&self, wanted: &BTreeSet<Permission>) -> BTreeSet<Permission> {
        match self {
            Self::All => BTreeSet::new(),
            Self::These(held) => wanted.difference(held).cloned().collect(),
        }
    }
}
