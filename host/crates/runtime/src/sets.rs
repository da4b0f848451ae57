//! What serves where, and the sets of plugins that follow from it: one for the deployment, and one for each tenant
//! that has versions of its own.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use stoa_kernel::clock::Millis;
use stoa_kernel::deployment::Scope;
use stoa_kernel::id::TenantId;

use crate::Core;
use crate::linking::Used;
use crate::registry::{Held, Live, SetError};
use crate::revision::Revision;

/// Where a version came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file of the plugin folder.
    File(PathBuf),
    /// The registry.
    Registry,
}

/// A version with what it was compiled against.
#[derive(Clone)]
pub struct Version {
    /// It.
    pub revision: Arc<Revision>,
    /// The interfaces that it imports from others.
    pub used: Arc<Used>,
}

/// A version that serves.
#[derive(Clone)]
pub struct Serving {
    /// It.
    pub version: Version,
    /// Where it came from.
    pub source: Source,
    /// Since when it serves.
    pub since: Millis,
    /// The one that served before it, while it may still have to come back.
    pub before: Option<Version>,
    /// Versions before it whose last requests may still run.
    pub retired: Vec<Weak<Revision>>,
    /// What an operator should know of it.
    pub note: Option<String>,
}

impl Serving {
    /// Its code and all that goes with it.
    pub const fn revision(&self) -> &Arc<Revision> {
        &self.version.revision
    }

    /// Those versions before it that still end their requests, or may come back.
    pub fn earlier(&self) -> impl Iterator<Item = Arc<Revision>> + '_ {
        self.retired.iter().filter_map(Weak::upgrade)
    }
}

/// What serves, by scope and name.
#[derive(Clone, Default)]
pub struct Table(BTreeMap<Scope, BTreeMap<Arc<str>, Serving>>);

impl Table {
    /// The version of a plugin in a scope.
    pub fn get(&self, scope: &Scope, plugin: &str) -> Option<&Serving> {
        self.0.get(scope)?.get(plugin)
    }

    /// Lets a version serve.
    pub fn insert(&mut self, scope: &Scope, serving: Serving) {
        let name = Arc::clone(&serving.revision().name);
        let of_scope = self.0.entry(scope.clone()).or_default();
        of_scope.insert(name, serving);
    }

    /// Lets it serve no longer.
    pub fn remove(&mut self, scope: &Scope, plugin: &str) -> Option<Serving> {
        let of_scope = self.0.get_mut(scope)?;
        let removed = of_scope.remove(plugin);
        if of_scope.is_empty() {
            self.0.remove(scope);
        }
        removed
    }

    /// All of it, in the order of scopes and names.
    pub fn all(&self) -> impl Iterator<Item = (&Scope, &Serving)> {
        let scopes = self.0.iter();
        scopes.flat_map(|(scope, plugins)| plugins.values().map(move |serving| (scope, serving)))
    }

    /// The same, to be changed.
    pub fn all_mut(&mut self) -> impl Iterator<Item = (&Scope, &mut Serving)> {
        let scopes = self.0.iter_mut();
        scopes
            .flat_map(|(scope, plugins)| plugins.values_mut().map(move |serving| (scope, serving)))
    }

    fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.0.keys().filter_map(|scope| match scope {
            Scope::Tenant(tenant) => Some(tenant),
            Scope::Deployment => None,
        })
    }

    fn of(&self, scope: &Scope) -> BTreeMap<Arc<str>, &Version> {
        let of_scope = self.0.get(scope).into_iter().flatten();
        of_scope
            .map(|(name, serving)| (Arc::clone(name), &serving.version))
            .collect()
    }

    /// Versions that serve one tenant: the deployment's, and its own in their places.
    fn of_tenant(&self, tenant: &TenantId) -> BTreeMap<Arc<str>, &Version> {
        let mut versions = self.of(&Scope::Deployment);
        versions.extend(self.of(&Scope::Tenant(tenant.clone())));
        versions
    }
}

/// The sets that serve. A tenant without versions of its own has none.
pub struct Sets {
    base: Arc<Held>,
    own: HashMap<TenantId, Arc<Held>>,
}

impl Sets {
    /// The deployment's.
    pub const fn base(&self) -> &Arc<Held> {
        &self.base
    }

    /// The one that serves a tenant.
    pub fn of(&self, tenant: &TenantId) -> &Arc<Held> {
        // Most deployments have none at all.
        if self.own.is_empty() {
            return &self.base;
        }
        self.own.get(tenant).unwrap_or(&self.base)
    }

    /// Those of tenants with versions of their own.
    pub const fn own(&self) -> &HashMap<TenantId, Arc<Held>> {
        &self.own
    }

    /// All that follow from a table.
    ///
    /// # Errors
    /// When the deployment's versions don't fit together. Whatever of a tenant's does not fit beside them is left out
    /// of its set: a tenant can't keep the operator from anything.
    pub fn build(core: &Weak<Core>, table: &Table) -> Result<Self, SetError> {
        let base = build(core, &table.of(&Scope::Deployment))?;
        let own = table
            .tenants()
            .map(|tenant| (tenant.clone(), lenient(core, table, tenant, &base)))
            .collect();
        Ok(Self { base, own })
    }

    /// The same with another set for one tenant, whose versions have changed.
    ///
    /// # Errors
    /// When they don't fit together.
    pub fn with_tenant(
        &self,
        core: &Weak<Core>,
        table: &Table,
        tenant: &TenantId,
    ) -> Result<Self, SetError> {
        let mut own = self.own.clone();
        if table.tenants().any(|other| other == tenant) {
            own.insert(tenant.clone(), build(core, &table.of_tenant(tenant))?);
        } else {
            own.remove(tenant);
        }
        let base = Arc::clone(&self.base);
        Ok(Self { base, own })
    }

    /// The same after versions of one tenant have gone. Whatever of the others does not fit any more without them is
    /// left out: what is withdrawn goes, even where it hid something that the others clash with.
    pub fn without(&self, core: &Weak<Core>, table: &Table, tenant: &TenantId) -> Self {
        let base = Arc::clone(&self.base);
        let mut own = self.own.clone();
        if table.tenants().any(|other| other == tenant) {
            own.insert(tenant.clone(), lenient(core, table, tenant, &base));
        } else {
            own.remove(tenant);
        }
        Self { base, own }
    }

    /// The set in which versions of a scope serve.
    pub fn of_scope(&self, scope: &Scope) -> &Arc<Held> {
        match scope {
            Scope::Deployment => &self.base,
            Scope::Tenant(tenant) => self.of(tenant),
        }
    }
}

fn build(
    core: &Weak<Core>,
    versions: &BTreeMap<Arc<str>, &Version>,
) -> Result<Arc<Held>, SetError> {
    let plugins = versions.iter();
    let plugins = plugins.map(|(name, version)| (Arc::clone(name), Arc::clone(&version.revision)));
    let uses = versions.iter();
    let uses = uses.map(|(name, version)| (Arc::clone(name), Arc::clone(&version.used)));
    let live = Live::build(core.clone(), plugins.collect(), &uses.collect())?;
    Ok(Arc::new(Held(Arc::new(live))))
}

/// A tenant's set with as many of its own versions as fit beside the deployment's.
fn lenient(core: &Weak<Core>, table: &Table, tenant: &TenantId, base: &Arc<Held>) -> Arc<Held> {
    if let Ok(whole) = build(core, &table.of_tenant(tenant)) {
        return whole;
    }
    let mut fitting = table.of(&Scope::Deployment);
    let mut built = Arc::clone(base);
    for (plugin, version) in table.of(&Scope::Tenant(tenant.clone())) {
        let before = fitting.insert(Arc::clone(&plugin), version);
        match build(core, &fitting) {
            Ok(larger) => built = larger,
            Err(error) => {
                tracing::error!(%tenant, plugin = &*plugin, %error, "a tenant's version does not fit any more");
                match before {
                    Some(before) => fitting.insert(plugin, before),
                    None => fitting.remove(&plugin),
                };
            }
        }
    }
    built
}
