//! The channels of the host itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use stoa_wit::{Caller, Channel};

/// On it a tenant's members hear of changes to their organisation: who joined, left or has another role, and what
/// became of the organisation and its plan.
pub const ORGANIZATION: &str = "host/organization";

/// The host's own channels, as a manifest would list them. Their plugin is [`crate::id::HOST_PLUGIN`].
#[must_use]
pub fn own_channels() -> &'static [Arc<Channel>] {
    static OWN: LazyLock<Vec<Arc<Channel>>> = LazyLock::new(|| {
        let organization = Channel {
            name: ORGANIZATION.into(),
            callers: BTreeSet::from([Caller::User]),
            join: None,
            messages: BTreeMap::new(),
            history: 0,
            socket: None,
            greet: true,
            summary: "Tells members of changes to their organisation.".into(),
        };
        vec![Arc::new(organization)]
    });
    &OWN
}
