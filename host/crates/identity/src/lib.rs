//! Who calls: access tokens and the key that signs them.

mod claims;
mod key;
mod tokens;

pub use key::{KeyError, SigningKey};
pub use tokens::{JwtTokens, TokenConfig};
