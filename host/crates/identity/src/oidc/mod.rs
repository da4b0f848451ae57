//! Sign-in at another provider (OpenID Connect): the code flow with PKCE, state and nonce.
//!
//! Nothing of a sign-in under way is kept on the host. It travels sealed in one cookie of the browser that
//! began it, so that any host of several can finish it, and no other browser can.

mod config;
mod cookie;
mod directory;
mod error;
mod exchange;
mod flow;
mod http;
mod id_token;
pub mod link;
mod provider;
mod return_to;
mod routes;
mod seal;

pub use config::{ClientSecret, ConfigError, GOOGLE, KEY_BYTES, ProviderConfig};
pub use error::OidcError;
pub use provider::{ExternalIdentity, Provider, Started};
pub(crate) use routes::refresh_cookie;
pub use routes::{CALLBACK_PATH, Opens, REFRESH_COOKIE, google_callback, google_start};
