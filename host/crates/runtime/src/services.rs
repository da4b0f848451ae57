//! What a plugin reaches outside: the services of its manifest where the operator says that they are, with the
//! credentials that the operator keeps for it.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoa_kernel::outbound::Destination;
use stoa_kernel::secret::Secret;
use stoa_wit::{Manifest, OutboundAuth, Permission};

/// Values of a secret, the newest first: while it is being replaced, it has two.
pub type Values = Vec<Secret>;

/// The services and secrets of one revision.
#[derive(Debug, Default)]
pub struct Services {
    services: HashMap<String, Service>,
    secrets: HashMap<String, Values>,
}

/// A service, ready to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its base address.
    pub url: String,
    /// Whether it may be on this machine or in a private network.
    pub allow_private: bool,
    /// The value of `Authorization`; an error names the secret that the operator has not set.
    pub authorization: Result<Option<Secret>, String>,
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
        let secrets: HashMap<String, Values> = set
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .collect();
        let service = |(name, outbound): (&String, &stoa_wit::Outbound)| {
            let destination = named.get(name);
            let url = destination.map_or(&outbound.url, |destination| &destination.url);
            let service = Service {
                url: url.clone(),
                allow_private: destination.is_some_and(|destination| destination.allow_private),
                authorization: outbound
                    .auth
                    .as_ref()
                    .map(|auth| authorization(auth, &secrets))
                    .transpose(),
                idempotency_header: outbound.idempotency_header.clone(),
                timeout_ms: outbound.timeout_ms,
                needs: needs(name, outbound),
            };
            (name.clone(), service)
        };
        Ok(Self {
            services: manifest.outbound.iter().map(service).collect(),
            secrets,
        })
    }

    /// A service by its name in the manifest.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name)
    }

    /// The values of a secret; none if the operator has not set it.
    pub fn secret(&self, name: &str) -> Option<&Values> {
        self.secrets.get(name)
    }
}

fn needs(name: &str, outbound: &stoa_wit::Outbound) -> Vec<Permission> {
    let secrets: Vec<&String> = match &outbound.auth {
        None => Vec::new(),
        Some(OutboundAuth::Bearer(name)) => vec![name],
        Some(OutboundAuth::Basic(user, password)) => vec![user, password],
    };
    let secrets = secrets.into_iter().map(|name| Permission::secret(name));
    std::iter::once(Permission::outbound(name, &outbound.url))
        .chain(secrets)
        .collect()
}

fn authorization(auth: &OutboundAuth, secrets: &HashMap<String, Values>) -> Result<Secret, String> {
    let newest = |name: &String| {
        let value = secrets.get(name).and_then(|values| values.first());
        value.ok_or_else(|| name.clone())
    };
    Ok(Secret::new(match auth {
        OutboundAuth::Bearer(name) => format!("Bearer {}", newest(name)?.expose()),
        OutboundAuth::Basic(user, password) => {
            let pair = format!("{}:{}", newest(user)?.expose(), newest(password)?.expose());
            format!("Basic {}", STANDARD.encode(pair))
        }
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
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
        let credentials = |name: &str| {
            let service = services.service(name).unwrap();
            service.authorization.clone().unwrap()
        };
        assert_eq!(
            credentials("stripe").unwrap().expose(),
            "Bearer open sesame"
        );
        // The example of RFC 7617.
        let basic = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        assert_eq!(credentials("razorpay").unwrap().expose(), basic);
        assert_eq!(credentials("open"), None);
        assert_eq!(services.secret("key").unwrap().len(), 2);
        assert!(!format!("{services:?}").contains("sesame"));
    }

    #[test]
    fn what_is_not_set_is_missing_by_name_and_what_nobody_asked_for_is_refused() {
        let manifest = Manifest::from_toml(PAYMENTS).unwrap();
        let services = Services::resolve(&manifest, None, Some(&secrets(&[("id", &[])]))).unwrap();
        assert_eq!(services.secret("id"), None);
        let stripe = services.service("stripe").unwrap();
        assert_eq!(stripe.authorization, Err("key".into()));
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
