//! What the provider publishes: its endpoints and keys, asked for when first needed and kept.

use std::sync::Arc;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use openidconnect::core::{CoreJsonWebKeySet, CoreProviderMetadata};
use openidconnect::url::Url;
use openidconnect::{IssuerUrl, TokenUrl};
use stoa_kernel::clock::{Clock, Millis};
use tokio::sync::Mutex;

use super::config::{ConfigError, is_loopback, is_safe, safe_url};
use super::error::OidcError;
use super::http::Http;

/// How long endpoints and keys are believed: keys that a provider withdrew are gone after a day.
const BELIEVED_MS: u64 = 86_400_000;

/// Time between two questions, in milliseconds: neither a provider that is down nor tokens that name unknown
/// keys make this host ask more often.
const ASK_EVERY_MS: u64 = 10_000;

/// What a provider publishes, as far as it is known.
pub(super) struct Directory {
    issuer: IssuerUrl,
    http: Http,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    published: Option<Arc<Published>>,
    asked_at: Option<Millis>,
}

/// What a provider said.
pub(super) struct Published {
    /// Its endpoints.
    pub(super) metadata: CoreProviderMetadata,
    /// Where codes become tokens.
    pub(super) token_url: TokenUrl,
    keys: JwkSet,
    read_at: Millis,
}

impl Directory {
    /// Of this issuer; nothing is asked yet.
    pub(super) fn new(issuer: &str, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::Issuer(issuer.to_owned());
        let url = safe_url(issuer).ok_or_else(wrong)?;
        Ok(Self {
            // The text as it was given: an issuer is compared letter by letter.
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(|_| wrong())?,
            http: Http::new(is_loopback(&url))?,
            clock,
            state: Mutex::default(),
        })
    }

    /// The issuer as configured.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How the provider is asked.
    pub(super) const fn http(&self) -> &Http {
        &self.http
    }

    /// The endpoints.
    pub(super) async fn published(&self) -> Result<Arc<Published>, OidcError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        match &state.published {
            Some(known) if now < known.read_at.saturating_add(BELIEVED_MS) => Ok(Arc::clone(known)),
            _ => self.ask(&mut state, now).await,
        }
    }

    /// The key of this name. Providers add keys at any time, so an unknown one is a reason to ask again.
    pub(super) async fn key(&self, id: &str) -> Result<Jwk, OidcError> {
        if let Some(key) = self.published().await?.keys.find(id) {
            return Ok(key.clone());
        }
        let mut state = self.state.lock().await;
        let published = self.ask(&mut state, self.clock.now()).await?;
        let key = published.keys.find(id).cloned();
        key.ok_or_else(|| OidcError::Provider(format!("its key {id:?} is not published")))
    }

    /// Asks under the lock, so that of many who need the answer one asks.
    async fn ask(&self, state: &mut State, now: Millis) -> Result<Arc<Published>, OidcError> {
        // The clock may have been set back since.
        let too_soon = |at: Millis| now.abs_diff(at) < ASK_EVERY_MS;
        if state.asked_at.is_some_and(too_soon) {
            return Err(OidcError::Provider("it was asked a moment ago".into()));
        }
        state.asked_at = Some(now);
        let published = Arc::new(self.discover(now).await?);
        state.published = Some(Arc::clone(&published));
        Ok(published)
    }

    async fn discover(&self, now: Millis) -> Result<Published, OidcError> {
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = found.map_err(|error| OidcError::Provider(described(&error)))?;
        let token_url = metadata.token_endpoint().cloned();
        let token_url =
            token_url.ok_or_else(|| OidcError::Provider("it names no token endpoint".into()))?;
        let endpoints: [&Url; 3] = [
            metadata.authorization_endpoint().url(),
            token_url.url(),
            metadata.jwks_uri().url(),
        ];
        if let Some(url) = endpoints.into_iter().find(|url| !is_safe(url)) {
            return Err(OidcError::Provider(format!("{url} is no https URL")));
        }
        Ok(Published {
            keys: keys(metadata.jwks()),
            metadata,
            token_url,
            read_at: now,
        })
    }
}

/// The keys as the library reads them that checks signatures; what it can't read can't have signed for us.
fn keys(published: &CoreJsonWebKeySet) -> JwkSet {
    let read = |key| serde_json::from_value(serde_json::to_value(key).ok()?).ok();
    JwkSet {
        keys: published.keys().iter().filter_map(read).collect(),
    }
}

/// An error with all its causes, for the log.
pub(super) fn described(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
