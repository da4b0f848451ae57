//! `[oidc]`: sign-in at Google, or at another OpenID provider in its place.

use serde::Deserialize;
use stoa_identity::oidc::{CALLBACK_PATH, ClientSecret, KEY_BYTES, ProviderConfig};

use super::Secret;

/// Sign-in at another provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider.
    issuer: String,
    /// How it calls us.
    client_id: String,
    /// What shows that it is us.
    client_secret: Secret,
}

impl Oidc {
    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// A sentence that names the keys at fault.
    pub fn check(&self) -> Result<(), String> {
        if self.client_id.is_empty() == self.client_secret.is_empty() {
            Ok(())
        } else {
            Err("oidc.client_id and oidc.client_secret go together".into())
        }
    }

    /// The provider, for a host that people find at `public_url`; none when nobody signs in elsewhere.
    #[must_use]
    pub fn provider(
        &self,
        public_url: &str,
        secure_cookies: bool,
        key: [u8; KEY_BYTES],
    ) -> Option<ProviderConfig> {
        let is_configured = !self.client_id.is_empty();
        is_configured.then(|| ProviderConfig {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: ClientSecret::new(self.client_secret.expose()),
            redirect_uri: format!("{}{CALLBACK_PATH}", public_url.trim_end_matches('/')),
            secure_cookies,
            key,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn with(client_id: &str, client_secret: &str) -> Oidc {
        let keys = serde_json::json!({
            "issuer": "https://accounts.google.com",
            "client_id": client_id,
            "client_secret": client_secret,
        });
        serde_json::from_value(keys).unwrap()
    }

    #[test]
    fn a_client_without_a_secret_and_a_secret_without_a_client_are_refused() {
        with("", "").check().unwrap();
        with("us", "s3cret").check().unwrap();
        for half in [with("us", ""), with("", "s3cret")] {
            let error = half.check().unwrap_err();
            assert!(error.contains("oidc.client_secret"), "{error}");
            assert!(!error.contains("s3cret") && !format!("{half:?}").contains("s3cret"));
        }
    }

    #[test]
    fn the_provider_sends_people_back_to_the_public_address() {
        for url in ["https://shop.example", "https://shop.example/"] {
            let provider = with("us", "s3cret").provider(url, true, [0; KEY_BYTES]);
            let redirect = provider.unwrap().redirect_uri;
            assert_eq!(redirect, "https://shop.example/api/v1/auth/google/callback");
        }
        assert!(
            with("", "")
                .provider("https://shop.example", true, [0; KEY_BYTES])
                .is_none()
        );
    }
}
