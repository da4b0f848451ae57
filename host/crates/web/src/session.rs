//! A browser's session without an account: sent as a cookie or a header, issued where a route wants one.

use http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use stoa_kernel::cookie;
use stoa_kernel::error::Problem;
use stoa_kernel::hex::hex;
use stoa_kernel::identity::{Caller, Principal};
use stoa_kernel::random::Random;
use stoa_kernel::wit::Route;

use crate::config::EdgeConfig;
use crate::request_id::is_word;

/// The header in both directions, for clients that keep no cookies.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-session-id");

/// The cookie. Over https its prefix makes browsers refuse one that another host of the domain has set.
const COOKIE_NAME: &str = "stoa_session";
const SECURE_COOKIE_NAME: &str = "__Host-stoa_session";

/// Characters of a session's id: below the lower bound it could be guessed, the upper is the kernel's.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// Random bytes of a fresh session's id.
const FRESH_BYTES: usize = 16;

/// Seconds that a browser keeps the cookie: 30 days, longer than any cart lives.
const COOKIE_S: u32 = 30 * 86_400;

/// What the cookie is called.
pub(crate) const fn cookie_name(config: &EdgeConfig) -> &'static str {
    if config.secure_cookies {
        SECURE_COOKIE_NAME
    } else {
        COOKIE_NAME
    }
}

/// The session that the request names; the header speaks before the cookie.
pub(crate) fn sent(headers: &HeaderMap, config: &EdgeConfig) -> Result<Option<String>, Problem> {
    if let Some(value) = headers.get(&HEADER) {
        return checked(HEADER.as_str(), value.to_str().unwrap_or_default()).map(Some);
    }
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let Some(value) = cookie::find(lines, cookie_name(config)) else {
        return Ok(None);
    };
    checked("cookie", value).map(Some)
}

/// A fresh session for an anonymous principal without one, if the route is made for sessions.
pub(crate) fn fresh(principal: &Principal, route: &Route, random: &dyn Random) -> Option<String> {
    let wanted = principal.account.is_none()
        && principal.session.is_none()
        && route.callers.contains(&Caller::Session);
    wanted.then(|| {
        let mut bytes = [0_u8; FRESH_BYTES];
        random.fill(&mut bytes);
        hex(&bytes)
    })
}

/// Tells the client its fresh session, both ways, and nobody else: no cache keeps the answer for others.
pub(crate) fn tell<B>(response: &mut Response<B>, session: &str, config: &EdgeConfig) {
    let secure = cookie::secure_suffix(config.secure_cookies);
    let set_cookie = format!(
        "{}={session}; Path=/; Max-Age={COOKIE_S}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(config)
    );
    let told = [
        (SET_COOKIE, set_cookie.as_str()),
        (HEADER, session),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, text) in told {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn checked(place: &str, session: &str) -> Result<String, Problem> {
    if LENGTH.contains(&session.len()) && is_word(session) {
        return Ok(session.to_owned());
    }
    Err(Problem::invalid(
        place,
        "A session's id is 16 to 128 letters, digits, _ and -.",
    ))
}
