//! Bounds of what administrators write. Every refusal names the member at fault.

use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::CustomerChange;
use crate::customer::Profile;
use crate::view::CustomerView;

/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 200;
/// Characters of a telephone number with everything that people put between the digits.
pub const PHONE_CHARS_MAX: usize = 32;
/// Characters of a tier: a word or two.
pub const TIER_CHARS_MAX: usize = 40;
/// Characters of an address: what fits on a label, generously.
pub const ADDRESS_CHARS_MAX: usize = 500;
/// Bytes of an e-mail address (RFC 5321, 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;
/// Bytes of an id: as an account's may have.
const ID_BYTES_MAX: usize = 128;

/// Whether a text may be an id.
pub fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control)
}

/// An id that may be absent.
pub fn optional_id(field: &str, text: Option<&str>) -> Result<Option<String>> {
    match text {
        Some(text) if !is_id(text) => {
            let detail =
                format!("{field} has 1 to {ID_BYTES_MAX} bytes without control characters.");
            Err(Problem::invalid(field, detail))
        }
        text => Ok(text.map(Into::into)),
    }
}

/// An address in lower case: two customers do not differ by capitals.
pub fn email(field: &str, text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = line(field, text, EMAIL_BYTES_MAX)? else {
        return Ok(None);
    };
    let parts = text.rsplit_once('@');
    let is_address = parts.is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if is_address && text.len() <= EMAIL_BYTES_MAX && !text.contains(char::is_whitespace) {
        return Ok(Some(text.to_lowercase()));
    }
    Err(Problem::invalid(
        field,
        format!("{field} is no e-mail address."),
    ))
}

/// One line; a blank one is none.
pub fn line(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    bounded(field, text, chars_max, char::is_control)
}

/// Several lines; blank ones are none.
pub fn prose(field: &str, text: Option<&str>, chars_max: usize) -> Result<Option<String>> {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    bounded(field, text, chars_max, is_odd)
}

fn bounded(
    field: &str,
    text: Option<&str>,
    chars_max: usize,
    is_odd: impl Fn(char) -> bool,
) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.chars().count() > chars_max || text.chars().any(is_odd) {
        let detail =
            format!("{field} has at most {chars_max} characters, none of them control characters.");
        return Err(Problem::invalid(field, detail));
    }
    Ok(Some(text.to_owned()))
}

/// Members that nobody writes; and the tier, which stays what the customer has spent as long as nobody names another.
const AS_READ: &[&str] = &[
    "account_id",
    "created_at",
    "currency",
    "id",
    "tier",
    "total_spent",
    "updated_at",
    "vip_tier",
];

/// The profile with the members changed that a body names (RFC 7396), which may also hold what was `shown`; one that it has
/// not is refused by its name.
pub fn merged(profile: &Profile, shown: &CustomerView, request: &Request) -> Result<Profile> {
    let Json(CustomerChange(change)) = Json::from_request(request)?;
    Json::patched_as_read(profile, shown, AS_READ, change)
}
