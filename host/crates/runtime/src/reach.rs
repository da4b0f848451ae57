//! What a plugin reaches outside of its host: its manifest's services and secrets under the operator's word.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stoa_kernel::outbound::{Destination, REQUESTS_AT_ONCE_MAX};
use stoa_kernel::secret::Secret;
use stoa_wit::{Manifest, Outbound, OutboundAuth};
use tokio::sync::Semaphore;

use crate::config::Policy;

/// Why the operator's word does not fit the manifest.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// It is about a service that the plugin does not have.
    #[error("[plugins.outbound.{0}] is about {1:?}, which is no service of the plugin")]
    NoService(String, String),
    /// It is about a secret that the plugin does not have.
    #[error("[plugins.secrets.{0}] has {1:?}, which is no secret of the plugin")]
    NoSecret(String, String),
    /// A service's address is none.
    #[error("[plugins.outbound.{0}.{1}]: {2}")]
    Address(String, String, &'static str),
}

/// A service elsewhere.
#[derive(Debug)]
pub struct Service {
    /// What the manifest says.
    pub manifest: Outbound,
    /// What the operator says.
    destination: Destination,
}

/// The services and secrets of one plugin. Neither `Debug` nor any error shows a secret.
#[derive(Debug)]
pub struct Reach {
    services: BTreeMap<String, Service>,
    secrets: BTreeMap<String, Vec<Secret>>,
    /// Requests to services at the same time.
    pub slots: Semaphore,
}

/// Why a secret can't be worked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSecret {
    /// The manifest does not list it.
    Unlisted,
    /// The operator has not set it.
    Unset,
}

impl Reach {
    /// The manifest's word and the operator's together.
    ///
    /// # Errors
    /// Every [`ReachError`].
    pub fn new(policy: &Policy, manifest: &Manifest) -> Result<Self, ReachError> {
        let plugin = &manifest.name;
        let (mut places, mut secrets) = (
            policy.outbound.get(plugin).cloned().unwrap_or_default(),
            policy.secrets.get(plugin).cloned().unwrap_or_default(),
        );
        let services = manifest.outbound.iter().map(|(name, service)| {
            let destination = places.remove(name).unwrap_or_default();
            let place = |reason| ReachError::Address(plugin.clone(), name.clone(), reason);
            destination.check().map_err(place)?;
            let manifest = service.clone();
            Ok((
                name.clone(),
                Service {
                    manifest,
                    destination,
                },
            ))
        });
        let services = services.collect::<Result<_, _>>()?;
        if let Some((unknown, _)) = places.pop_first() {
            return Err(ReachError::NoService(plugin.clone(), unknown));
        }
        let listed = manifest.secrets.keys();
        let listed = listed.map(|name| (name.clone(), secrets.remove(name).unwrap_or_default()));
        let listed = listed.collect();
        if let Some((unknown, _)) = secrets.pop_first() {
            return Err(ReachError::NoSecret(plugin.clone(), unknown));
        }
        Ok(Self {
            services,
            secrets: listed,
            slots: Semaphore::new(REQUESTS_AT_ONCE_MAX),
        })
    }

    /// A service that the plugin may reach.
    pub fn service(&self, name: &str) -> Option<&Service> {
        let service = self.services.get(name)?;
        (!service.destination.withhold).then_some(service)
    }

    /// The values of a secret, the newest first; at least one.
    ///
    /// # Errors
    /// Every [`NoSecret`].
    pub fn secret(&self, name: &str) -> Result<&[Secret], NoSecret> {
        match self.secrets.get(name) {
            None => Err(NoSecret::Unlisted),
            Some(values) if values.is_empty() => Err(NoSecret::Unset),
            Some(values) => Ok(values),
        }
    }

    /// The value of `Authorization` for a service; none if it wants none.
    ///
    /// # Errors
    /// The name of a secret that is not set.
    pub fn authorization(&self, service: &Service) -> Result<Option<Secret>, String> {
        let newest = |name: &String| {
            let values = self.secret(name).ok();
            let newest = values.and_then(|values| values.first());
            newest.map(Secret::expose).ok_or_else(|| name.clone())
        };
        Ok(match &service.manifest.auth {
            None => None,
            Some(OutboundAuth::Bearer(token)) => {
                Some(Secret::new(format!("Bearer {}", newest(token)?)))
            }
            Some(OutboundAuth::Basic(user, password)) => {
                let pair = format!("{}:{}", newest(user)?, newest(password)?);
                Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
            }
        })
    }
}

impl Service {
    /// Where it is.
    pub fn url(&self) -> &str {
        let said = self.destination.url.as_ref();
        said.unwrap_or(&self.manifest.url)
    }

    /// Whether it may be on this machine or in a private network.
    pub const fn allow_private(&self) -> bool {
        self.destination.allow_private
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::from_toml(
            "name = \"p\"\nversion = \"0.1.0\"\n[secrets.user]\n[secrets.key]\n\
             [outbound.bank]\nurl = \"https://bank.example\"\nauth = { basic = [\"user\", \"key\"] }\n\
             [outbound.post]\nurl = \"https://post.example\"\nauth = { bearer = \"key\" }\n",
        )
        .unwrap()
    }

    fn policy(secrets: &[(&str, &[&str])]) -> Policy {
        let values = |values: &[&str]| values.iter().map(|value| Secret::new(*value)).collect();
        let named = secrets.iter();
        let named = named.map(|(name, list)| ((*name).to_owned(), values(list)));
        Policy {
            secrets: BTreeMap::from([("p".to_owned(), named.collect())]),
            ..Policy::default()
        }
    }

    #[test]
    fn credentials_are_made_of_the_newest_secrets_and_shown_to_nobody() {
        let policy = policy(&[("user", &["Aladdin"]), ("key", &["open sesame", "old"])]);
        let reach = Reach::new(&policy, &manifest()).unwrap();
        let of = |name| {
            let service = reach.service(name).unwrap();
            reach.authorization(service).unwrap().unwrap()
        };
        // RFC 7617 §2.
        assert_eq!(of("bank").expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(of("post").expose(), "Bearer open sesame");
        assert_eq!(reach.secret("key").unwrap().len(), 2);
        for shown in [
            format!("{reach:?}"),
            format!("{policy:?}"),
            format!("{:?}", of("bank")),
        ] {
            assert!(
                !shown.contains("sesame") && !shown.contains("QWxh"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_is_not_set_is_missing_and_what_is_not_listed_is_refused() {
        let reach = Reach::new(&policy(&[("user", &["x"])]), &manifest()).unwrap();
        let bank = reach.service("bank").unwrap();
        assert_eq!(reach.authorization(bank), Err("key".to_owned()));
        assert_eq!(reach.secret("key"), Err(NoSecret::Unset));
        assert_eq!(reach.secret("other"), Err(NoSecret::Unlisted));
        assert!(reach.service("other").is_none());

        let unknown = policy(&[("other", &["hunter2"])]);
        let error = Reach::new(&unknown, &manifest()).unwrap_err().to_string();
        assert!(
            error.contains("other") && !error.contains("hunter2"),
            "{error}"
        );

        let place = |name: &str, destination: Destination| Policy {
            outbound: BTreeMap::from([(
                "p".to_owned(),
                BTreeMap::from([(name.to_owned(), destination)]),
            )]),
            ..Policy::default()
        };
        let nowhere = Destination {
            url: Some("nowhere".into()),
            ..Destination::default()
        };
        assert!(matches!(
            Reach::new(&place("bank", nowhere), &manifest()),
            Err(ReachError::Address(..))
        ));
        assert!(matches!(
            Reach::new(&place("other", Destination::default()), &manifest()),
            Err(ReachError::NoService(..))
        ));
        let withheld = Destination {
            withhold: true,
            ..Destination::default()
        };
        let reach = Reach::new(&place("bank", withheld), &manifest()).unwrap();
        assert!(reach.service("bank").is_none() && reach.service("post").is_some());
    }
}
