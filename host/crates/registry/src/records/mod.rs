//! What the platform's database holds about plugins of others. Rows are added; only heads and plugins change.

mod activation;
mod audit;
mod head;
mod key;
mod newest;
mod plugin;
mod revision;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use activation::{Activation, Kind, Outcome, activation_id};
pub use audit::Audit;
pub use head::{Head, head_id};
pub use key::{Key, Revoked};
pub use newest::{NEWEST, Newest};
pub use plugin::Plugin;
pub use revision::{Revision, SignatureRow, signature_id};

/// The service that owns them.
pub const REGISTRY: &str = "registry";

/// A document of the platform's database.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The collection's name in the service's manifest.
    const COLLECTION: &'static str;
}
