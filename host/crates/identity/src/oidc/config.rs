//! What an operator tells of a provider.

use openidconnect::url::{Host, Url};

/// Google's issuer.
pub const GOOGLE: &str = "https://accounts.google.com";

pub use stoa_kernel::seal::KEY_BYTES;

/// A provider and our registration there.
pub struct ProviderConfig {
    /// Who signs the ID tokens, such as [`GOOGLE`]: by https, unless it runs on this machine.
    pub issuer: String,
    /// How the provider calls us.
    pub client_id: String,
    /// What shows that it is us.
    pub client_secret: ClientSecret,
    /// Where the provider sends browsers back to, letter by letter as it is registered there.
    pub redirect_uri: String,
    /// Whether clients arrive by https.
    pub secure_cookies: bool,
    /// The host's secret; the same on every host that may finish a sign-in.
    pub key: [u8; KEY_BYTES],
}

/// A client's secret. There is no way to print it.
pub struct ClientSecret(String);

impl ClientSecret {
    /// The secret with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

/// Why a provider can't be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The issuer is no URL, or one that anybody on the way could answer for.
    #[error("the issuer {0:?} is no https URL")]
    Issuer(String),
    /// The same of the address to come back to.
    #[error("the redirect URI {0:?} is no https URL")]
    RedirectUri(String),
    /// The registration is incomplete.
    #[error("client_id and client_secret belong together, and neither may be empty")]
    Client,
    /// The machine can't do what https takes.
    #[error("no HTTP client can be made: {0}")]
    Http(String),
}

/// The URL, if nobody on the way can read or change what passes: https, or this machine.
pub(super) fn safe_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(is_safe)
}

/// Whether nobody on the way can read or change what passes.
pub(super) fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether the URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_leads_no_further_than_this_machine() {
        for good in [
            GOOGLE,
            "http://127.0.0.1:4000",
            "http://localhost/x",
            "http://[::1]:1",
        ] {
            assert!(safe_url(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "accounts.google.com",
            "http://accounts.google.com",
            "http://10.0.0.1",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
        ] {
            assert!(safe_url(bad).is_none(), "{bad}");
        }
    }
}
