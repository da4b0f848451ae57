//! What a plugin may do that touches anything but itself: one word for each, which an operator reads and grants.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, Method, OutboundAuth};
use crate::{FREE_CAPABILITIES, HOST_INTERFACES};

/// Something that a plugin may do, written as `kind:what`:
///
/// | word | allows |
/// |---|---|
/// | `capability:storage` | to call a host interface, by its short word in the manifest |
/// | `outbound:stripe=https://api.stripe.com` | to send requests to this service at this address |
/// | `secret:stripe_key` | to have this secret used for it |
/// | `sends:stripe_key=https://api.stripe.com` | to have this secret shown to the service at this address |
/// | `uses:stoa:commerce/catalog@0.1.0` | to call whoever provides this interface |
/// | `provides:stoa:commerce/tax@0.1.0` | to answer others that call this interface |
/// | `raises:order.paid` | to raise this event |
/// | `hears:order.paid` | to be handed this event, with what it says |
/// | `route:GET /api/notes` | to answer this route |
///
/// Log, clock, random, its own settings and the request itself ([`FREE_CAPABILITIES`]) take no permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Permission(String);

/// The text is no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no permission: one is `kind:what`, such as `capability:storage`")]
pub struct InvalidPermission(String);

/// Bytes of a permission: a route or an address of ordinary length.
pub const PERMISSION_BYTES_MAX: usize = 512;

const KINDS: &[&str] = &[
    "capability",
    "outbound",
    "secret",
    "sends",
    "uses",
    "provides",
    "raises",
    "hears",
    "route",
];

impl Permission {
    /// To call a host interface, by its short word.
    #[must_use]
    pub fn capability(word: &str) -> Self {
        Self(format!("capability:{word}"))
    }

    /// To send requests to a service of the manifest at this address.
    #[must_use]
    pub fn outbound(name: &str, url: &str) -> Self {
        Self(format!("outbound:{name}={url}"))
    }

    /// To have a secret used for it.
    #[must_use]
    pub fn secret(name: &str) -> Self {
        Self(format!("secret:{name}"))
    }

    /// To have a secret shown to a service at this address: another address, or another service, is another permission.
    #[must_use]
    pub fn sends(secret: &str, url: &str) -> Self {
        Self(format!("sends:{secret}={url}"))
    }

    /// To call whoever provides an interface.
    #[must_use]
    pub fn uses(interface: &str) -> Self {
        Self(format!("uses:{interface}"))
    }

    /// To answer others that call an interface.
    #[must_use]
    pub fn provides(interface: &str) -> Self {
        Self(format!("provides:{interface}"))
    }

    /// To raise an event.
    #[must_use]
    pub fn raises(event: &str) -> Self {
        Self(format!("raises:{event}"))
    }

    /// To be handed an event.
    #[must_use]
    pub fn hears(event: &str) -> Self {
        Self(format!("hears:{event}"))
    }

    /// To answer a route.
    #[must_use]
    pub fn route(method: Method, path: &str) -> Self {
        Self(format!("route:{method} {path}"))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> Self {
        permission.0
    }
}

impl TryFrom<String> for Permission {
    type Error = InvalidPermission;

    fn try_from(text: String) -> Result<Self, InvalidPermission> {
        let is_one = text.len() <= PERMISSION_BYTES_MAX
            && text
                .split_once(':')
                .is_some_and(|(kind, what)| KINDS.contains(&kind) && !what.is_empty());
        if is_one {
            Ok(Self(text))
        } else {
            Err(InvalidPermission(text))
        }
    }
}

impl Manifest {
    /// Everything that the plugin asks to be allowed. Two versions with the same permissions reach the same things.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        let asked = self.capabilities.iter().map(String::as_str);
        let capabilities = asked
            .filter(|word| !FREE_CAPABILITIES.contains(word))
            .filter(|word| HOST_INTERFACES.iter().any(|(_, known)| known == word))
            .map(Permission::capability);
        let outbound = self.outbound.iter();
        let sends = self.outbound.values().flat_map(|service| {
            let shown = service.auth.iter().flat_map(OutboundAuth::secrets);
            shown.map(|secret| Permission::sends(secret, &service.url))
        });
        let used = self
            .used()
            .map(|(_, interface)| Permission::uses(interface));
        capabilities
            .chain(outbound.map(|(name, service)| Permission::outbound(name, &service.url)))
            .chain(sends)
            .chain(self.secrets.keys().map(|name| Permission::secret(name)))
            .chain(used)
            .chain(
                self.provides
                    .values()
                    .map(|interface| Permission::provides(interface)),
            )
            .chain(self.raises.iter().map(|event| Permission::raises(event)))
            .chain(
                self.subscriptions
                    .iter()
                    .map(|heard| Permission::hears(&heard.event)),
            )
            .chain(
                self.routes
                    .iter()
                    .map(|route| Permission::route(route.method, &route.path)),
            )
            .collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_asks_for_all_that_it_reaches() {
        let manifest = Manifest::from_toml(
            r#"
            name = "notes"
            version = "0.1.0"
            capabilities = ["storage", "http-client", "log"]
            raises = ["note.written"]
            [uses]
            catalog = "stoa:commerce/catalog@0.1.0"
            [outbound.mirror]
            url = "https://mirror.example/v1"
            auth = { bearer = "mirror_key" }
            [secrets.mirror_key]
            [[subscribe]]
            event = "user.erased"
            handler = "forget"
            [[route]]
            method = "GET"
            path = "/api/notes"
            handler = "list"
            callers = ["user"]
            "#,
        )
        .unwrap();
        let permissions = manifest.permissions();
        let words: Vec<&str> = permissions.iter().map(Permission::as_str).collect();
        assert_eq!(
            words,
            [
                "capability:http-client",
                "capability:storage",
                "hears:user.erased",
                "outbound:mirror=https://mirror.example/v1",
                "raises:note.written",
                "route:GET /api/notes",
                "secret:mirror_key",
                "sends:mirror_key=https://mirror.example/v1",
                "uses:stoa:commerce/catalog@0.1.0",
            ]
        );
    }

    #[test]
    fn a_credential_for_another_service_is_another_permission() {
        let manifest = |auth: &str| {
            let text = format!(
                "name = \"notes\"\nversion = \"0.1.0\"\n[secrets.key]\n\
                 [outbound.bank]\nurl = \"https://bank.example\"\nauth = {{ bearer = \"key\" }}\n\
                 [outbound.other]\nurl = \"https://other.example\"\n{auth}"
            );
            Manifest::from_toml(&text).unwrap().permissions()
        };
        let (before, after) = (manifest(""), manifest("auth = { bearer = \"key\" }"));
        let widened: Vec<_> = after.difference(&before).collect();
        assert_eq!(
            widened,
            [&Permission::sends("key", "https://other.example")]
        );
    }

    #[test]
    fn only_words_of_a_known_kind_are_permissions() {
        let word = |text: &str| Permission::try_from(text.to_owned());
        word("capability:mail").unwrap();
        for bad in ["", "mail", "capability:", "god:everything", ":x"] {
            word(bad).unwrap_err();
        }
        word(&format!("route:GET /{}", "x".repeat(PERMISSION_BYTES_MAX))).unwrap_err();
    }
}
