//! What the platform's database holds about plugins of others. Rows are added; only heads,
//! plugins, and what is set or kept now change.

mod activation;
mod audit;
mod head;
mod key;
mod newest;
mod plugin;
mod revision;
mod secret;
mod set;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use activation::{Activation, Kind, Outcome, activation_id};
pub use audit::Audit;
pub use head::{Head, head_id};
pub use key::{Key, Revoked};
pub use newest::{NEWEST, Newest};
pub use plugin::Plugin;
pub use revision::{Revision, SignatureRow, signature_id};
pub use secret::{SecretRow, secret_id};
pub use set::{Set, SetChange, change_id};

/// The service that owns them.
pub const REGISTRY: &str = "registry";

/// A document of the platform's database.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The collection's name in the service's manifest.
    const COLLECTION: &'static str;
}
