//! Who calls, and where they belong: accounts, sessions, tokens and keys; organisations, roles and invitations.
//!
//! Everything lies in the platform's database and is reached through the store's port alone.

pub mod accounts;
mod address;
mod claims;
mod digest;
mod filters;
mod identity;
mod key;
mod keyring;
mod news;
pub mod oidc;
pub mod organizations;
pub mod passwords;
mod people;
pub mod platform;
pub mod records;
mod schemas;
mod token;
mod tokens;

pub use accounts::Accounts;
pub use identity::{Identity, IdentityConfig};
pub use key::{KeyError, SigningKey, VerifyingKey};
pub use keyring::KeyRing;
pub use organizations::Organizations;
pub use people::TenantDirectory;
pub use platform::Platform;
pub use tokens::{JwtTokens, TokenConfig};

use stoa_kernel::{times, wire};
