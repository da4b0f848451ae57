//! What the platform's database holds about people and organisations: one file per record.

mod account;
mod attempts;
mod bound;
mod code;
mod external;
mod founder;
mod invitation;
mod key;
mod membership;
mod organization;
mod session;
mod ticket;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stoa_kernel::clock::Millis;

use crate::platform::Ending;

pub use account::Account;
pub use attempts::Attempts;
pub use bound::Bound;
pub use code::{Code, Pending, Purpose};
pub use external::External;
pub use founder::Founder;
pub use invitation::Invitation;
pub use key::Key;
pub use membership::Membership;
pub use organization::{Organization, Plan, PlanLimits};
pub use session::Session;
pub use ticket::{Bearer, Developer, Ticket};

/// The service that owns accounts, sessions, keys, codes and tickets.
pub const ACCOUNTS: &str = "accounts";

/// The service that owns organisations, memberships and invitations.
pub const ORGANIZATIONS: &str = "organizations";

/// A document of the platform's database.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The service that owns the collection, and the collection's name in its manifest.
    const COLLECTION: (&'static str, &'static str);

    /// When it ends; none for never.
    fn expires_at(&self) -> Option<Millis> {
        None
    }

    /// Whose connections end when it is deleted.
    fn ending(_id: &str) -> Option<Ending> {
        None
    }
}
