//! The registry: which plugins of others there are, who vouches for them, and what should serve where.
//!
//! `records` are rows of the platform's database, `books` reads and writes them; `change` says what an act makes of
//! what is, `switch` does it and tells the runtime; `service` is the REST over it.

mod applied;
mod bell;
mod books;
mod change;
mod consent;
mod diff;
mod follow;
mod keys;
mod news;
pub mod records;
mod registry;
mod repetition;
mod restore;
mod secrets;
mod service;
mod settings;
mod signature;
mod switch;
mod trust;
mod upload;
mod who;

pub use bell::Bell;
pub use change::{Change, Grants};
pub use diff::{Changes, Diff};
pub use news::News;
pub use registry::{Ports, Registry, RegistryConfig};
pub use secrets::{Kept, PURPOSE as SECRETS_PURPOSE, SECRET_BYTES_MAX};
pub use service::RegistryService;
pub use settings::SETTINGS_BYTES_MAX;
pub use signature::{KeyError, SigningKey, sha256 as digest};
pub use switch::Act;
pub use trust::{TrustConfig, TrustedKey};
pub use who::{Standing, Who};
