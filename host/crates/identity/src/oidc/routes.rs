//! `GET /api/v1/auth/google` and its callback, for the service that owns accounts.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use stoa_kernel::call::{Request, Response, Source};
use stoa_kernel::clock::Millis;
use stoa_kernel::cookie::secure_suffix;
use stoa_kernel::error::Problem;

use super::link::{self, Link, decide};
use super::provider::{ExternalIdentity, Provider};
use crate::address::local_part;
use crate::digest::sha256;
use crate::filters;
use crate::platform::{Platform, Stored, Unit, unavailable};
use crate::records::{Account, External};
use crate::wire::json;

/// The callback's path: the redirect URI is this below the host's public address.
pub const CALLBACK_PATH: &str = "/api/v1/auth/google/callback";

/// The refresh token of a browser that is sent on instead of answered. Only the route that refreshes gets it.
pub const REFRESH_COOKIE: &str = "stoa_refresh";

/// Where the refresh token goes.
const REFRESH_PATH: &str = "/api/auth/refresh";

/// Characters of a name that we keep.
const NAME_CHARS_MAX: usize = 100;

/// Opens sessions; the service that owns accounts does.
#[async_trait]
pub trait Opens: Send + Sync {
    /// Opens a session of an account as part of the caller's unit of work, and answers what the client goes on
    /// with: a JSON object with `user`, `accessToken`, `refreshToken` and `token`. `is_new` says that the unit has
    /// made the account. The unit may run again after a conflict.
    ///
    /// # Errors
    /// The problem that the client is told.
    async fn open(
        &self,
        unit: &Unit,
        account: &str,
        is_new: bool,
        request: &Request,
    ) -> Result<Value, Problem>;
}

/// `GET /api/v1/auth/google`: sends the browser to the provider, with what the callback needs in its cookie.
/// `?returnTo=/path` says where it goes afterwards.
///
/// # Errors
/// 404 when no provider is configured, 400 for a `returnTo` that leads elsewhere, 502 when the provider fails.
pub async fn google_start(
    request: &Request,
    provider: Option<&Provider>,
) -> Result<Response, Problem> {
    let provider = provider.ok_or_else(Problem::not_found)?;
    let mut pairs = form_urlencoded::parse(request.query.as_bytes());
    let return_to = pairs.find(|(name, _)| name == "returnTo");
    let return_to = return_to.as_ref().map(|(_, path)| path.as_ref());
    let started = provider.start(return_to).await?;
    Ok(redirect(&started.url, [started.cookie]))
}

/// `GET` [`CALLBACK_PATH`]: finds or makes the account and opens a session. Answers the session as
/// any other sign-in does; after a `returnTo`, sends the browser there with the refresh token in a cookie that
/// only the refreshing route gets, so that no token ever stands in an address.
///
/// # Errors
/// 404 when no provider is configured; those of [`super::OidcError`]; 403 for a suspended account; 409 when an
/// account of the same address can't be joined.
pub async fn google_callback(
    request: &Request,
    provider: Option<&Provider>,
    platform: &Platform,
    sessions: &dyn Opens,
) -> Result<Response, Problem> {
    let provider = provider.ok_or_else(Problem::not_found)?;
    let finished = provider.finish(&request.query, provider.cookie_of(request));
    let identity = &finished.await?;
    let opened = platform.transact(|unit| async move {
        let (account, is_new) = account_of(platform, &unit, identity).await?;
        sessions.open(&unit, &account, is_new, request).await
    });
    let session = opened.await?;
    let clear = provider.clear_cookie();
    match &identity.return_to {
        None => {
            let mut answer = json(200, &session)?;
            answer.headers.push(("set-cookie".into(), clear));
            Ok(answer)
        }
        Some(path) => {
            let token = session.get("refreshToken").and_then(Value::as_str);
            let no_token = || Problem::internal("an opened session has no refreshToken");
            let token = token.ok_or_else(no_token)?;
            let keep = refresh_cookie(token, provider.has_secure_cookies());
            Ok(redirect(path, [clear, keep]))
        }
    }
}

/// The account that the identity stands for, found, joined or made, and whether it was made just now.
async fn account_of(
    platform: &Platform,
    unit: &Unit,
    identity: &ExternalIdentity,
) -> Result<(String, bool), Problem> {
    let external_id = external_id(&identity.issuer, &identity.subject);
    let external: Option<External> = unit.get(&external_id).await?;
    // Whoever deleted their account comes back as somebody new.
    let known = match &external {
        Some(external) => unit.get::<Account>(&external.account).await?,
        None => None,
    };
    let external = external.filter(|_| known.is_some());
    let same_address = match &identity.email {
        Some(email) => unit.find(filters::equal(&[("email", email)])?).await?,
        None => None,
    };
    let (account, is_new) = match decide(external.as_ref(), same_address.as_ref(), identity) {
        Link::SignIn(account) => {
            refuse_suspended(known.as_ref())?;
            return Ok((account, false));
        }
        Link::Join(account) => {
            refuse_suspended(same_address.as_ref().map(|Stored { record, .. }| record))?;
            (account, false)
        }
        Link::Create => {
            let id = platform.fresh_id();
            let newcomer = newcomer(identity, platform.now());
            unit.create(&id, &newcomer).await.map_err(unavailable)?;
            (id, true)
        }
        Link::RefuseLink => return Err(link::not_linked()),
        Link::RefuseAddress => return Err(link::no_address()),
    };
    let joined = External {
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        account: account.clone(),
        created_at: platform.now(),
    };
    unit.put(&external_id, &joined).await.map_err(unavailable)?;
    Ok((account, is_new))
}

fn refuse_suspended(account: Option<&Account>) -> Result<(), Problem> {
    match account {
        Some(account) if account.suspended => {
            let detail = "This account is suspended.";
            Err(Problem::new(403, "account-suspended", detail))
        }
        _ => Ok(()),
    }
}

/// The account of somebody new, whose address the provider has verified.
fn newcomer(identity: &ExternalIdentity, now: Millis) -> Account {
    let email = identity.email.clone().unwrap_or_default();
    let name = identity.name.as_deref().map(str::trim).unwrap_or_default();
    let name = if name.is_empty() {
        local_part(&email)
    } else {
        name
    };
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    Account {
        verified: true,
        ..Account::new(email, name, now)
    }
}

/// The id of an [`External`].
fn external_id(issuer: &str, subject: &str) -> String {
    sha256(format!("{issuer}\n{subject}").as_bytes())
}

/// `Set-Cookie` with a refresh token. It ends with the browser; the session itself lasts as long as any other.
pub(crate) fn refresh_cookie(token: &str, secure: bool) -> String {
    let secure = secure_suffix(secure);
    format!("{REFRESH_COOKIE}={token}; Path={REFRESH_PATH}; HttpOnly; SameSite=Strict{secure}")
}

fn redirect<const N: usize>(to: &str, cookies: [String; N]) -> Response {
    let mut headers = vec![
        ("location".to_owned(), to.to_owned()),
        ("cache-control".to_owned(), "no-store".to_owned()),
        ("referrer-policy".to_owned(), "no-referrer".to_owned()),
    ];
    headers.extend(cookies.map(|cookie| ("set-cookie".to_owned(), cookie)));
    Response {
        status: 302,
        headers,
        body: Bytes::new(),
        source: Source::Handler,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_record_is_found_by_issuer_and_subject() {
        // printf 'https://accounts.google.com\n1' | sha256sum
        let expected = "0dd4afbdc223ab5bcca6d4ae82cff642958a26fb01db07b86d8c483d49491546";
        assert_eq!(external_id("https://accounts.google.com", "1"), expected);
    }
}
