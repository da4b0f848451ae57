//! Bearer tokens.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Account, AuthenticationError, Authenticator, Denied};

/// The code of a 401 that another token could cure, as opposed to one that any token could.
pub(crate) const INVALID_TOKEN: &str = "invalid-token";

/// Seconds after which it is worth asking again who calls, when the store could not tell.
pub(crate) const RETRY_AFTER_S: u32 = 1;

/// The account that the request's token speaks for. A token that is not good is refused even where none
/// is needed: the client believes that somebody is signed in, and should learn that nobody is.
pub(crate) async fn account(
    headers: &HeaderMap,
    identity: &dyn Authenticator,
) -> Result<Option<Account>, Problem> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(refused("more than one Authorization header"));
    }
    let token = value
        .to_str()
        .ok()
        .and_then(bearer)
        .ok_or_else(|| refused("not of the Bearer scheme"))?;
    match identity.authenticate(token).await {
        Ok(account) => Ok(Some(account)),
        Err(AuthenticationError::Invalid(error)) => Err(refused(error.to_string())),
        Err(AuthenticationError::Unavailable(error)) => {
            Err(Problem::unavailable(RETRY_AFTER_S, error.to_string()))
        }
    }
}

/// The problem of a principal whom the route does not admit.
pub(crate) fn denied(denied: Denied) -> Problem {
    match denied {
        Denied::Unauthenticated => Problem::unauthenticated(),
        Denied::Forbidden => Problem::forbidden(),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn refused(why: impl Into<String>) -> Problem {
    Problem::new(401, INVALID_TOKEN, "The bearer token is not valid.").because(why)
}
