//! Who calls, and where they belong: accounts, sessions, tokens and keys; organisations, roles and invitations.
//!
//! Everything lies in the platform's database and is reached through the store's port alone.

mod address;
mod claims;
mod filters;
mod key;
pub mod oidc;
pub mod organizations;
pub mod platform;
pub mod records;
mod times;
mod token;
mod tokens;
mod wire;

pub use key::{KeyError, SigningKey};
pub use organizations::Organizations;
pub use platform::Platform;
pub use tokens::{JwtTokens, TokenConfig};
