//! What a version may do, asked in every host call: words for people, bits for the call.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use stoa_wit::{Manifest, Permission, Route};

use crate::config::Policy;

/// What a host call needs. A host function names it where it charges the call, so that none is without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Capability {
    /// Nothing: it reaches nothing outside of the call.
    Free,
    /// `stoa:storage/storage`.
    Storage,
    /// `stoa:cache/cache`.
    Cache,
    /// `stoa:events/events`.
    Events,
    /// `stoa:http/outbound`.
    HttpClient,
    /// `stoa:secrets/secrets`.
    Secrets,
    /// `stoa:blobs/blobs`.
    Blobs,
    /// `stoa:mail/mail`.
    Mail,
    /// `stoa:directory/directory`.
    Directory,
    /// `stoa:directory/roles`.
    Roles,
    /// `stoa:plans/plans`.
    Plans,
    /// `stoa:live/live`.
    Live,
}

impl Capability {
    /// Every one that takes a permission.
    pub const ALL: [Self; 11] = [
        Self::Storage,
        Self::Cache,
        Self::Events,
        Self::HttpClient,
        Self::Secrets,
        Self::Blobs,
        Self::Mail,
        Self::Directory,
        Self::Roles,
        Self::Plans,
        Self::Live,
    ];

    /// Its short word in the manifest.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Storage => "storage",
            Self::Cache => "cache",
            Self::Events => "events",
            Self::HttpClient => "http-client",
            Self::Secrets => "secrets",
            Self::Blobs => "blobs",
            Self::Mail => "mail",
            Self::Directory => "directory",
            Self::Roles => "roles",
            Self::Plans => "plans",
            Self::Live => "live",
        }
    }

    /// The word that grants it.
    #[must_use]
    pub fn permission(self) -> Permission {
        Permission::capability(self.word())
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// What one version may do now. It changes while its requests run.
pub struct Grants {
    /// What the registry says; none for a file, of which the operator's policy says it.
    listed: Mutex<Option<BTreeSet<Permission>>>,
    /// Of capabilities, those that are granted and the free one.
    capabilities: AtomicU32,
    words: ArcSwap<BTreeSet<Permission>>,
}

impl Grants {
    /// None until they are judged: of what the registry lists, or of a file.
    #[must_use]
    pub fn new(listed: Option<BTreeSet<Permission>>) -> Self {
        Self {
            listed: Mutex::new(listed),
            capabilities: AtomicU32::new(bits(&BTreeSet::new())),
            words: ArcSwap::default(),
        }
    }

    fn listed(&self) -> MutexGuard<'_, Option<BTreeSet<Permission>>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grants what a plugin asks for and its registry or operator lists, and the operator does not withhold. The next
    /// host call sees it.
    pub fn judge(&self, manifest: &Manifest, policy: &Policy) {
        let mut words = manifest.permissions();
        let listed = self.listed();
        if let Some(listed) = listed.as_ref().or(policy.grants.get(&manifest.name)) {
            words.retain(|word| listed.contains(word));
        }
        for word in policy.denied.get(&manifest.name).into_iter().flatten() {
            words.remove(&Permission::capability(word));
        }
        self.capabilities.store(bits(&words), Ordering::Release);
        self.words.store(Arc::new(words));
    }

    /// Replaces what the registry lists; what was listed until now and is not any more.
    pub fn list(&self, words: BTreeSet<Permission>) -> BTreeSet<Permission> {
        let revoked = self.listed().replace(words.clone()).unwrap_or_default();
        revoked.difference(&words).cloned().collect()
    }

    /// Takes these off what the registry lists, as for a version before the one that they are revoked of.
    pub fn unlist(&self, revoked: &BTreeSet<Permission>) {
        if let Some(listed) = self.listed().as_mut() {
            listed.retain(|word| !revoked.contains(word));
        }
    }

    /// All of them.
    pub fn words(&self) -> Arc<BTreeSet<Permission>> {
        self.words.load_full()
    }

    /// Whether a host interface may be called.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.load(Ordering::Acquire) & capability.bit() != 0
    }

    /// Whether anything else may be done.
    #[must_use]
    pub fn has(&self, permission: &Permission) -> bool {
        self.words.load().contains(permission)
    }

    /// Whether a route may lead here.
    #[must_use]
    pub fn routes(&self, route: &Route) -> bool {
        self.has(&Permission::route(route.method, &route.path))
    }

    /// Whether an event may be handed over.
    #[must_use]
    pub fn hears(&self, event: &str) -> bool {
        self.has(&Permission::hears(event))
    }

    /// Whether others may be answered through an interface.
    #[must_use]
    pub fn provides(&self, interface: &str) -> bool {
        self.has(&Permission::provides(interface))
    }

    /// Whether its channels may be joined: whoever may say nothing live has none.
    #[must_use]
    pub fn opens_channels(&self) -> bool {
        self.can(Capability::Live)
    }
}

fn bits(words: &BTreeSet<Permission>) -> u32 {
    let granted = Capability::ALL
        .into_iter()
        .filter(|capability| words.contains(&capability.permission()));
    granted.fold(Capability::Free.bit(), |bits, capability| {
        bits | capability.bit()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use stoa_wit::{FREE_CAPABILITIES, HOST_INTERFACES};

    use super::*;

    #[test]
    fn every_interface_of_the_host_is_free_or_takes_a_permission() {
        for (interface, word) in HOST_INTERFACES {
            let known = Capability::ALL.iter().any(|known| known.word() == *word);
            assert!(known != FREE_CAPABILITIES.contains(word), "{interface}");
        }
        assert!(Capability::ALL.len() + FREE_CAPABILITIES.len() == HOST_INTERFACES.len());
    }

    fn words(of: &[Capability]) -> BTreeSet<Permission> {
        of.iter().map(|each| each.permission()).collect()
    }

    fn manifest() -> Manifest {
        let text = r#"name = "p"
            version = "0.1.0"
            capabilities = ["storage", "live", "mail"]"#;
        Manifest::from_toml(text).unwrap()
    }

    #[test]
    fn what_is_not_granted_can_not_be_done_from_then_on() {
        let (manifest, mut policy) = (manifest(), Policy::default());
        let listed = words(&[Capability::Storage, Capability::Live, Capability::Cache]);
        let grants = Grants::new(Some(listed));
        assert!(grants.can(Capability::Free) && !grants.can(Capability::Storage));
        grants.judge(&manifest, &policy);
        assert!(grants.can(Capability::Storage) && !grants.hears("order.paid"));
        assert!(!grants.can(Capability::Cache), "it did not ask for that");
        assert!(!grants.can(Capability::Mail), "nobody grants that");

        policy.denied = [("p".to_owned(), ["live".to_owned()].into())].into();
        grants.judge(&manifest, &policy);
        assert!(!grants.can(Capability::Live) && grants.can(Capability::Storage));
        let revoked = grants.list(words(&[Capability::Live, Capability::Mail]));
        assert_eq!(revoked, words(&[Capability::Storage, Capability::Cache]));
        grants.judge(&manifest, &Policy::default());
        assert!(grants.can(Capability::Live) && !grants.can(Capability::Storage));
        grants.unlist(&words(&[Capability::Live]));
        grants.judge(&manifest, &Policy::default());
        assert_eq!(*grants.words(), words(&[Capability::Mail]));
    }

    #[test]
    fn a_file_gets_what_it_asks_for_or_what_its_operator_lists() {
        let (manifest, mut policy) = (manifest(), Policy::default());
        let grants = Grants::new(None);
        grants.judge(&manifest, &policy);
        assert_eq!(*grants.words(), manifest.permissions());
        policy.grants = [("p".to_owned(), words(&[Capability::Mail]))].into();
        grants.judge(&manifest, &policy);
        assert_eq!(*grants.words(), words(&[Capability::Mail]));
    }
}
