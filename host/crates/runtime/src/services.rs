//! What a plugin reaches outside: the services of its manifest where the operator says that they are, with the
//! credentials that are kept for it.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoa_kernel::deployment::Layer;
use stoa_kernel::id::TenantId;
use stoa_kernel::outbound::Destination;
use stoa_kernel::secret::Secret;
use stoa_wit::{Manifest, OutboundAuth, Permission};

use crate::layers::{Layers, Named};

/// Values of a secret, the newest first: while it is being replaced, it has two.
pub type Values = Vec<Secret>;

/// The services of one revision, and what the host's configuration keeps for it.
#[derive(Debug, Default)]
pub struct Services {
    services: HashMap<String, Service>,
    configured: HashMap<String, Values>,
}

/// What was given beside the configuration, as one tenant has it.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// By whom.
    pub layers: &'a Layers<Values>,
    /// For whom; none for the deployment alone.
    pub tenant: Option<&'a TenantId>,
}

/// A service, ready to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its base address.
    pub url: String,
    /// Whether it may be on this machine or in a private network.
    pub allow_private: bool,
    /// The credentials that it is shown.
    pub auth: Option<OutboundAuth>,
    /// The header in which it takes idempotency keys.
    pub idempotency_header: Option<String>,
    /// Milliseconds to wait for an answer.
    pub timeout_ms: u32,
    /// What has to be granted: the service itself, and each secret that it is shown.
    pub needs: Vec<Permission>,
}

impl Services {
    /// Those of a manifest, by the operator's word.
    ///
    /// # Errors
    /// Names what the operator sets and the manifest does not have.
    pub fn resolve(
        manifest: &Manifest,
        destinations: Option<&BTreeMap<String, Destination>>,
        secrets: Option<&BTreeMap<String, Values>>,
    ) -> Result<Self, String> {
        let set = secrets.cloned().unwrap_or_default();
        if let Some(name) = set
            .keys()
            .find(|name| !manifest.secrets.contains_key(*name))
        {
            return Err(format!("{} has no secret {name}", manifest.name));
        }
        let named = destinations.cloned().unwrap_or_default();
        if let Some(name) = named
            .keys()
            .find(|name| !manifest.outbound.contains_key(*name))
        {
            return Err(format!("{} has no outbound service {name}", manifest.name));
        }
        let configured = set
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .collect();
        let service = |(name, outbound): (&String, &stoa_wit::Outbound)| {
            let destination = named.get(name);
            let url = destination.map_or(&outbound.url, |destination| &destination.url);
            let service = Service {
                url: url.clone(),
                allow_private: destination.is_some_and(|destination| destination.allow_private),
                auth: outbound.auth.clone(),
                idempotency_header: outbound.idempotency_header.clone(),
                timeout_ms: outbound.timeout_ms,
                needs: needs(name, outbound),
            };
            (name.clone(), service)
        };
        Ok(Self {
            services: manifest.outbound.iter().map(service).collect(),
            configured,
        })
    }

    /// A service by its name in the manifest.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// The values of a secret that count for a tenant; none if nobody has set it.
    pub fn secret(&self, name: &str, given: Given) -> Option<Values> {
        let all = self.all(name, given);
        all.into_iter().next().map(|(_, values)| values)
    }

    /// Everything that was given for a secret, what counts first.
    pub fn all(&self, name: &str, given: Given) -> Vec<(Layer, Values)> {
        let of = |named: Named<Values>| named.get(name).cloned();
        let tenants = given.tenant.and_then(|tenant| given.layers.tenant(tenant));
        let all = [
            (Layer::Tenant, tenants.and_then(of)),
            (Layer::Deployment, of(given.layers.deployment())),
            (Layer::Configuration, self.configured.get(name).cloned()),
        ];
        let all = all.into_iter();
        all.filter_map(|(layer, values)| Some((layer, values?)))
            .collect()
    }

    /// The value of `Authorization` for a service.
    ///
    /// # Errors
    /// The name of the secret that nobody has set.
    pub fn authorization(&self, service: &Service, given: Given) -> Result<Option<Secret>, String> {
        let newest = |name: &String| {
            let values = self.secret(name, given).unwrap_or_default();
            values.into_iter().next().ok_or_else(|| name.clone())
        };
        let value = match &service.auth {
            None => return Ok(None),
            Some(OutboundAuth::Bearer(name)) => format!("Bearer {}", newest(name)?.expose()),
            Some(OutboundAuth::Basic(user, password)) => {
                let pair = format!("{}:{}", newest(user)?.expose(), newest(password)?.expose());
                format!("Basic {}", STANDARD.encode(pair))
            }
        };
        Ok(Some(Secret::new(value)))
    }
}

fn needs(name: &str, outbound: &stoa_wit::Outbound) -> Vec<Permission> {
    let secrets = outbound.auth.iter().flat_map(OutboundAuth::secrets);
    let shown = secrets.flat_map(|secret| {
        [
            Permission::secret(secret),
            Permission::sends(secret, &outbound.url),
        ]
    });
    std::iter::once(Permission::outbound(name, &outbound.url))
        .chain(shown)
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use stoa_kernel::deployment::Scope;

    use super::*;

    const PAYMENTS: &str = r#"
        name = "payments"
        version = "0.1.0"
        [outbound.stripe]
        url = "https://api.stripe.com"
        auth = { bearer = "key" }
        [outbound.razorpay]
        url = "https://api.razorpay.com"
        auth = { basic = ["id", "key"] }
        [outbound.open]
        url = "https://open.example"
        [secrets.id]
        [secrets.key]
    "#;

    fn secrets(of: &[(&str, &[&str])]) -> BTreeMap<String, Values> {
        let values = |values: &[&str]| values.iter().map(|value| Secret::new(*value)).collect();
        let named = of.iter();
        named
            .map(|(name, of)| ((*name).to_owned(), values(of)))
            .collect()
    }

    #[test]
    fn credentials_are_the_newest_values_and_never_show() {
        let manifest = Manifest::from_toml(PAYMENTS).unwrap();
        let set = secrets(&[("id", &["Aladdin"]), ("key", &["open sesame", "old"])]);
        let services = Services::resolve(&manifest, None, Some(&set)).unwrap();
        let (layers, acme) = (Layers::default(), TenantId::parse("acme").unwrap());
        let given = |tenant| Given {
            layers: &layers,
            tenant,
        };
        let told = |name: &str, tenant| {
            let service = services.service(name).unwrap();
            services.authorization(service, given(tenant)).unwrap()
        };
        let credentials = |name: &str| told(name, None);
        assert_eq!(
            credentials("stripe").unwrap().expose(),
            "Bearer open sesame"
        );
        // The example of RFC 7617.
        let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(credentials("razorpay").unwrap().expose(), basic);
        assert_eq!(credentials("open"), None);
        assert_eq!(services.secret("key", given(None)).unwrap().len(), 2);
        // What people have set comes before the configuration, a tenant's word before the deployment's.
        let own = |value: &str| BTreeMap::from([("key".to_owned(), vec![Secret::new(value)])]);
        layers.set(&Scope::Deployment, own("ours"));
        layers.set(&Scope::Tenant(acme.clone()), own("theirs"));
        assert_eq!(credentials("stripe").unwrap().expose(), "Bearer ours");
        let theirs = told("stripe", Some(&acme)).unwrap();
        assert_eq!(theirs.expose(), "Bearer theirs");
        let layers = format!("{layers:?}");
        assert!(!layers.contains("ours") && !layers.contains("theirs"));
        assert!(!format!("{services:?}").contains("sesame"));
    }

    #[test]
    fn what_is_not_set_is_missing_by_name_and_what_nobody_asked_for_is_refused() {
        let manifest = Manifest::from_toml(PAYMENTS).unwrap();
        let services = Services::resolve(&manifest, None, Some(&secrets(&[("id", &[])]))).unwrap();
        let layers = Layers::default();
        let given = Given {
            layers: &layers,
            tenant: None,
        };
        assert_eq!(services.secret("id", given), None);
        let stripe = services.service("stripe").unwrap();
        assert_eq!(services.authorization(stripe, given), Err("key".into()));
        let elsewhere = BTreeMap::from([(
            "stripe".to_string(),
            Destination {
                url: "http://127.0.0.1:1".into(),
                allow_private: true,
            },
        )]);
        let services = Services::resolve(&manifest, Some(&elsewhere), None).unwrap();
        let stripe = services.service("stripe").unwrap();
        assert!(stripe.allow_private && stripe.url == "http://127.0.0.1:1");
        let wrong = BTreeMap::from([(
            "paypal".to_string(),
            elsewhere.get("stripe").unwrap().clone(),
        )]);
        assert!(Services::resolve(&manifest, Some(&wrong), None).is_err());
        let wrong = secrets(&[("password", &["x"])]);
        assert!(Services::resolve(&manifest, None, Some(&wrong)).is_err());
    }
}
