//! Bearer tokens.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Account, AuthenticationError, Authenticator, Denied};
use stoa_kernel::wit::Bearer;

/// The code of a 401 that another token could cure, as opposed to one that any token could.
pub(crate) const INVALID_TOKEN: &str = "invalid-token";

/// Seconds after which it is worth asking again who calls, when the store could not tell.
pub(crate) const RETRY_AFTER_S: u32 = 1;

/// The account that the request's token speaks for, as far as the route wants to know.
pub(crate) async fn account(
    headers: &HeaderMap,
    wanted: Bearer,
    identity: &dyn Authenticator,
) -> Result<Option<Account>, Problem> {
    if wanted == Bearer::Ignored {
        return Ok(None);
    }
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
    let authenticated = match wanted {
        Bearer::Lapsed => identity.authenticate_lapsed(token).await,
        Bearer::Checked | Bearer::Ignored => identity.authenticate(token).await,
    };
    authenticated.map(Some).map_err(unknown)
}

/// The problem of a credential that is not good, or can't be judged.
pub(crate) fn unknown(error: AuthenticationError) -> Problem {
    match error {
        AuthenticationError::Invalid(error) => refused(error.to_string()),
        AuthenticationError::Unavailable(error) => {
            Problem::unavailable(RETRY_AFTER_S, error.to_string())
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

/// 401 for a credential that is not good.
pub(crate) fn refused(why: impl Into<String>) -> Problem {
    Problem::new(401, INVALID_TOKEN, "The bearer token is not valid.").because(why)
}
