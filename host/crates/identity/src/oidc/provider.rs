//! A provider: how a sign-in there begins and ends.

use std::sync::Arc;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    ClientId, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use stoa_kernel::call::Request;
use stoa_kernel::clock::Clock;
use stoa_kernel::random::Random;

use super::config::{ConfigError, ProviderConfig, safe_url};
use super::cookie::FlowCookie;
use super::directory::Directory;
use super::error::OidcError;
use super::exchange::Client;
use super::flow::{Flow, is_same};
use super::id_token::{self, Expected};
use super::return_to;
use super::seal::Seal;
use crate::address::address;

/// What we want to know besides who it is; `openid` itself is the library's business.
const SCOPES: &[&str] = &["email", "profile"];

/// Answers of a provider by which somebody said no (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6).
const DENIALS: &[&str] = &[
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "login_required",
];

/// A provider where people sign in.
pub struct Provider {
    client: Client,
    directory: Directory,
    cookie: FlowCookie,
    seal: Seal,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A sign-in that begins.
pub struct Started {
    /// Where the browser goes.
    pub url: String,
    /// `Set-Cookie`.
    pub cookie: String,
}

/// Who somebody is at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The provider, as configured.
    pub issuer: String,
    /// The person, as the provider names them for ever.
    pub subject: String,
    /// The address that they have today, in lower case; none if no letter could reach it.
    pub email: Option<String>,
    /// Whether the provider knows that it is theirs.
    pub email_verified: bool,
    /// How they want to be called.
    pub name: Option<String>,
    /// Where the browser goes next: a path of this host.
    pub return_to: Option<String>,
}

impl Provider {
    /// A provider; it is asked nothing before somebody signs in.
    ///
    /// # Errors
    /// [`ConfigError`] when it can't be used as configured.
    pub fn new(
        config: ProviderConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, ConfigError> {
        if config.client_id.is_empty() || config.client_secret.expose().is_empty() {
            return Err(ConfigError::Client);
        }
        let redirect = safe_url(&config.redirect_uri).filter(|url| url.fragment().is_none());
        if redirect.is_none() {
            return Err(ConfigError::RedirectUri(config.redirect_uri));
        }
        let seal = Seal::new(&config.key);
        Ok(Self {
            directory: Directory::new(&config.issuer, Arc::clone(&clock))?,
            seal: seal.ok_or_else(|| ConfigError::Http("no key can be derived".into()))?,
            cookie: FlowCookie {
                secure: config.secure_cookies,
            },
            client: Client {
                id: config.client_id,
                secret: config.client_secret,
                redirect_uri: config.redirect_uri,
            },
            clock,
            random,
        })
    }

    /// Begins a sign-in that leads back to `return_to`, a path of this host.
    ///
    /// # Errors
    /// [`OidcError::ReturnTo`]; [`OidcError::Provider`] when the provider can't be asked.
    pub async fn start(&self, return_to: Option<&str>) -> Result<Started, OidcError> {
        let return_to = return_to.map(return_to::checked).transpose()?;
        let published = self.directory.published().await?;
        let flow = Flow::new(&*self.random, self.clock.now(), return_to);
        let sealed = self.seal.seal(&flow, &*self.random);
        let sealed = sealed.ok_or_else(|| OidcError::Provider("no cookie can be sealed".into()))?;
        Ok(Started {
            cookie: self.cookie.set(&sealed),
            url: self.authorization_url(published.metadata.clone(), flow)?,
        })
    }

    /// Ends a sign-in: `query` is the callback's, `cookie` the value that [`Provider::start`] set.
    ///
    /// # Errors
    /// [`OidcError`], of which only [`OidcError::Provider`] is not the caller's doing.
    pub async fn finish(
        &self,
        query: &str,
        cookie: Option<&str>,
    ) -> Result<ExternalIdentity, OidcError> {
        let flow = self.under_way(cookie)?;
        let code = self.code(query, &flow)?;
        let published = self.directory.published().await?;
        let http = self.directory.http();
        let exchanged = self
            .client
            .exchange(http, &published.token_url, &code, &flow.verifier);
        let token = exchanged.await?;
        let key = self.directory.key(&id_token::key_id(&token)?).await?;
        let issuer = self.directory.issuer();
        let expected = Expected {
            issuer,
            client_id: &self.client.id,
            nonce: &flow.nonce,
            now: self.clock.now(),
        };
        let claims = id_token::verified(&token, &key, &expected)?;
        Ok(ExternalIdentity {
            issuer: issuer.to_owned(),
            subject: claims.sub,
            email: claims.email.and_then(|text| address(&text).ok()),
            email_verified: claims.email_verified,
            name: claims.name,
            return_to: flow.return_to,
        })
    }

    /// The cookie's value in a request.
    pub(super) fn cookie_of<'r>(&self, request: &'r Request) -> Option<&'r str> {
        self.cookie.sent(request)
    }

    /// `Set-Cookie` that ends the browser's part.
    pub(super) fn clear_cookie(&self) -> String {
        self.cookie.clear()
    }

    /// Whether cookies travel over TLS only.
    pub(crate) const fn has_secure_cookies(&self) -> bool {
        self.cookie.secure
    }

    fn under_way(&self, cookie: Option<&str>) -> Result<Flow, OidcError> {
        let sealed = cookie.ok_or(OidcError::NotUnderWay("no cookie"))?;
        let opened = self.seal.open::<Flow>(sealed);
        let flow = opened.ok_or(OidcError::NotUnderWay("the cookie is not ours"))?;
        if self.clock.now() >= flow.ends_at {
            return Err(OidcError::NotUnderWay("the cookie has expired"));
        }
        Ok(flow)
    }

    /// The code that the provider sent, if the callback belongs to this sign-in.
    fn code(&self, query: &str, flow: &Flow) -> Result<String, OidcError> {
        let find = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(known, _)| known == name);
            found.map(|(_, value)| value.into_owned())
        };
        if !find("state").is_some_and(|state| is_same(&state, &flow.state)) {
            return Err(OidcError::Mismatch("the state"));
        }
        // Another provider's answer must not reach this one's token endpoint (RFC 9207).
        if find("iss").is_some_and(|issuer| issuer != self.directory.issuer()) {
            return Err(OidcError::Mismatch("the issuer"));
        }
        match find("error") {
            Some(error) if DENIALS.contains(&error.as_str()) => Err(OidcError::Denied(error)),
            Some(error) => Err(OidcError::Provider(format!("it sent back {error:?}"))),
            None => find("code").ok_or(OidcError::NoCode),
        }
    }

    fn authorization_url(
        &self,
        metadata: CoreProviderMetadata,
        flow: Flow,
    ) -> Result<String, OidcError> {
        let redirect = RedirectUrl::new(self.client.redirect_uri.clone());
        let redirect = redirect.map_err(|error| OidcError::Provider(error.to_string()))?;
        let id = ClientId::new(self.client.id.clone());
        let client =
            CoreClient::from_provider_metadata(metadata, id, None).set_redirect_uri(redirect);
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(flow.verifier));
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(flow.state),
                move || Nonce::new(flow.nonce),
            )
            .add_scopes(SCOPES.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(url.into())
    }
}

#[cfg(test)]
mod tests;
