//! What is set for one version, and which of several values counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::Value;
use stoa_kernel::deployment::{Layer, Scope};
use stoa_kernel::id::TenantId;
use stoa_wit::Manifest;
use stoa_wit::schema::Schema;

use crate::layers::{Layers, Named};

/// The settings of one version.
pub struct Settings {
    /// Whose version it is.
    scope: Scope,
    from_folder: bool,
    schemas: HashMap<String, Schema>,
    defaults: BTreeMap<String, Value>,
    /// What the host's configuration says.
    configured: BTreeMap<String, Value>,
    /// What the registry has set together with this version, or since.
    own: ArcSwap<BTreeMap<String, Value>>,
}

/// A setting, and why a version can't serve with it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String, pub String);

impl Settings {
    /// Of a file of the folder, under the operator's configuration and what was set for it since.
    ///
    /// # Errors
    /// The first that the version does not have or take, or lacks.
    pub fn of_file(
        manifest: &Manifest,
        configured: Option<&BTreeMap<String, Value>>,
        layers: &Layers<Value>,
    ) -> Result<Self, Unfit> {
        let settings = Self::of(manifest, Scope::Deployment, true)?;
        let configured = settings.fitting(configured.cloned().unwrap_or_default())?;
        let settings = Self {
            configured,
            ..settings
        };
        settings.has_required(manifest, layers)?;
        Ok(settings)
    }

    /// Of a version of the registry, with what is set for it. The configuration is the operator's word for every
    /// version of the name that serves the deployment; what this one does not take of it, it does without.
    ///
    /// # Errors
    /// The first of `own` that the version does not have or take, or that it lacks.
    pub fn of_registry(
        manifest: &Manifest,
        scope: &Scope,
        configured: Option<&BTreeMap<String, Value>>,
        own: BTreeMap<String, Value>,
    ) -> Result<Self, Unfit> {
        let settings = Self::of(manifest, scope.clone(), false)?;
        let mut configured = match scope {
            Scope::Deployment => configured.cloned().unwrap_or_default(),
            Scope::Tenant(_) => BTreeMap::new(),
        };
        configured.retain(|name, value| settings.takes(name, value));
        let own = ArcSwap::from_pointee(settings.fitting(own)?);
        let settings = Self {
            configured,
            own,
            ..settings
        };
        settings.has_required(manifest, &Layers::default())?;
        Ok(settings)
    }

    fn of(manifest: &Manifest, scope: Scope, from_folder: bool) -> Result<Self, Unfit> {
        let mut schemas = HashMap::new();
        let mut defaults = BTreeMap::new();
        for (name, setting) in &manifest.settings {
            let schema = Schema::new(&setting.schema);
            let schema = schema.map_err(|reason| Unfit(name.clone(), reason))?;
            schemas.insert(name.clone(), schema);
            if let Some(value) = &setting.default {
                defaults.insert(name.clone(), value.clone());
            }
        }
        Ok(Self {
            scope,
            from_folder,
            schemas,
            defaults,
            configured: BTreeMap::new(),
            own: ArcSwap::default(),
        })
    }

    /// All of these, if the version has and takes them.
    fn fitting(&self, values: BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>, Unfit> {
        for (name, value) in &values {
            let unfit = |reason: String| Unfit(name.clone(), reason);
            let schema = self.schemas.get(name);
            let schema = schema.ok_or_else(|| unfit("the plugin has no such setting".into()))?;
            let judged = schema.judge(value);
            judged.map_err(|misfit| unfit(misfit.to_string()))?;
        }
        Ok(values)
    }

    fn has_required(&self, manifest: &Manifest, layers: &Layers<Value>) -> Result<(), Unfit> {
        let mut required = manifest.required_settings.iter();
        let missing = required.find(|name| self.all(layers, None, name).is_empty());
        missing.map_or(Ok(()), |name| {
            Err(Unfit(name.clone(), "it has to be set, and is not".into()))
        })
    }

    fn takes(&self, name: &str, value: &Value) -> bool {
        let schema = self.schemas.get(name);
        schema.is_some_and(|schema| schema.judge(value).is_ok())
    }

    /// Replaces what the registry has set for this version.
    pub fn replace(&self, own: BTreeMap<String, Value>) {
        self.own.store(Arc::new(own));
    }

    /// Whether the registry sets values for this very version, rather than by its name.
    pub fn is_of(&self, scope: &Scope) -> bool {
        !self.from_folder && self.scope == *scope
    }

    /// The value that counts for a tenant, as JSON text.
    pub fn get(&self, layers: &Layers<Value>, tenant: &TenantId, name: &str) -> Option<String> {
        let all = self.all(layers, Some(tenant), name);
        all.first().map(|(_, value)| value.to_string())
    }

    /// Every value that was given for a tenant, or for the deployment alone, and that the version takes; the one that
    /// counts first.
    pub fn all(
        &self,
        layers: &Layers<Value>,
        tenant: Option<&TenantId>,
        name: &str,
    ) -> Vec<(Layer, Value)> {
        let by_name = |named: &Named<Value>| {
            let value = named.get(name).filter(|value| self.takes(name, value));
            value.cloned()
        };
        let own = self.own.load().get(name).cloned();
        let (of_tenant, of_deployment) = match &self.scope {
            // A tenant's own version has what is set for it, and nothing beside.
            Scope::Tenant(_) => (own, None),
            Scope::Deployment => {
                let tenants = tenant.and_then(|tenant| layers.tenant(tenant));
                let deployments = match self.from_folder {
                    true => by_name(&layers.deployment()),
                    false => own,
                };
                (tenants.as_ref().and_then(by_name), deployments)
            }
        };
        let given = [
            (Layer::Tenant, of_tenant),
            (Layer::Deployment, of_deployment),
            (Layer::Configuration, self.configured.get(name).cloned()),
            (Layer::Default, self.defaults.get(name).cloned()),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(layer, value)| Some((layer, value?)))
            .collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    const CART: &str = r#"
        name = "cart"
        version = "0.1.0"
        required_settings = ["shop"]
        [settings.tax]
        type = "integer"
        minimum = 0
        default = 1
        [settings.shop]
        type = "string"
    "#;

    fn values(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    #[test]
    fn the_tenants_word_comes_before_the_deployments_before_the_configurations_before_the_default()
    {
        let manifest = Manifest::from_toml(CART).unwrap();
        let (layers, acme) = (Layers::default(), tenant("acme"));
        let configured = values(&[("shop", json!("main"))]);
        let settings = Settings::of_file(&manifest, Some(&configured), &layers).unwrap();
        let tax = |settings: &Settings, who: &str| settings.get(&layers, &tenant(who), "tax");
        assert_eq!(tax(&settings, "acme").unwrap(), "1");
        layers.set(&Scope::Deployment, values(&[("tax", json!(2))]));
        assert_eq!(tax(&settings, "acme").unwrap(), "2");
        layers.set(&Scope::Tenant(acme.clone()), values(&[("tax", json!(3))]));
        assert_eq!(tax(&settings, "acme").unwrap(), "3");
        assert_eq!(tax(&settings, "other").unwrap(), "2");
        // What this version does not take is as if it were not set.
        layers.set(&Scope::Tenant(acme.clone()), values(&[("tax", json!(-3))]));
        assert_eq!(tax(&settings, "acme").unwrap(), "2");
        layers.set(&Scope::Tenant(acme.clone()), BTreeMap::new());
        assert_eq!(settings.get(&layers, &acme, "shop").unwrap(), "\"main\"");
        assert_eq!(settings.get(&layers, &acme, "none"), None);

        // A version of the registry has its own for the deployment, and tenants' by name.
        let own = values(&[("tax", json!(4)), ("shop", json!("x"))]);
        let scope = Scope::Deployment;
        let settings = Settings::of_registry(&manifest, &scope, None, own.clone()).unwrap();
        assert_eq!(tax(&settings, "acme").unwrap(), "4");
        layers.set(&Scope::Tenant(acme.clone()), values(&[("tax", json!(5))]));
        assert_eq!(tax(&settings, "acme").unwrap(), "5");
        let theirs = Settings::of_registry(&manifest, &Scope::Tenant(acme), None, own).unwrap();
        assert_eq!(tax(&theirs, "acme").unwrap(), "4");
        theirs.replace(values(&[("tax", json!(6))]));
        assert_eq!(tax(&theirs, "acme").unwrap(), "6");
    }

    #[test]
    fn what_is_unknown_unfit_or_missing_is_refused_by_name() {
        let manifest = Manifest::from_toml(CART).unwrap();
        let layers = Layers::default();
        let told = |configured: &[(&str, Value)]| {
            let configured = values(configured);
            let settings = Settings::of_file(&manifest, Some(&configured), &layers);
            settings.err().map(|Unfit(name, _)| name)
        };
        assert_eq!(told(&[("taxes", json!(1))]).unwrap(), "taxes");
        assert_eq!(told(&[("tax", json!(-1))]).unwrap(), "tax");
        assert_eq!(told(&[("tax", json!(1))]).unwrap(), "shop");
        assert_eq!(told(&[("shop", json!("main"))]), None);
        // A version of the registry makes do with what fits of the configuration.
        let configured = values(&[("tax", json!(-1)), ("shop", json!("main"))]);
        let scope = Scope::Deployment;
        let of = |own| Settings::of_registry(&manifest, &scope, Some(&configured), own);
        let settings = of(BTreeMap::new()).unwrap();
        assert_eq!(settings.get(&layers, &tenant("a"), "tax").unwrap(), "1");
        assert_eq!(of(values(&[("tax", json!("x"))])).err().unwrap().0, "tax");
    }
}
