//! Whether a number is its account's: a code is sent there, and told back. Whoever enters somebody else's number has
//! that person sent a code or two, and nothing else, ever.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use super::number::Number;
use super::phone::{PHONES, Phone};
use super::quota::CODES;
use super::sending::{self, What};
use super::service::{Account, KEY};

/// Digits of a code: few enough to be read once and typed.
const DIGITS: usize = 6;
/// Codes that there are.
const CODES_COUNT: u64 = 1_000_000;
/// Milliseconds that a code is good for: as long as its text says, and longer than a phone takes to be found.
pub const CODE_MS: u64 = 10 * 60_000;
/// Wrong codes after which the right one is too late. With three codes an hour, who guesses for a year finds one of a
/// number that is not theirs with a chance of one in eight.
const TRIES_MAX: u8 = 5;

/// A code on its way. The digits are kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Which one: a later one, or one for another number, is not mistaken for it.
    pub id: String,
    /// HMAC-SHA256 of the code; none before it is drawn, which happens when it is sent.
    hash: Option<Vec<u8>>,
    ends_at: u64,
    tries_left: u8,
}

/// A code was asked for.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct CodeView {
    /// Until when it is good.
    expires_at: String,
    /// How often a code may be told.
    tries_left: u8,
}

/// A code that was read from the phone.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CodeTold {
    /// Six digits.
    #[schema(min_length = 6, max_length = 6, example = "042042")]
    code: String,
}

/// What came of it.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether the number is verified now.
    verified: bool,
    /// How often another code may be told; after that, a new one has to be sent.
    tries_left: u8,
}

/// Sends a code to one's own number.
pub fn send_code(caller: Caller) -> Result<(u16, Json<CodeView>)> {
    let account = caller.user()?;
    let mut phone = unverified(account)?;
    if Account::configured().is_none() {
        let detail = "This shop sends no text messages.";
        return Err(Problem::new(503, "not-configured", detail));
    }
    if !CODES.spend(account, &phone.number)? {
        let detail = "So many codes were sent already; try again in an hour.";
        return Err(Problem::new(429, "too-many-codes", detail));
    }
    let code = Code {
        id: random::ulid(),
        hash: None,
        ends_at: clock::now_ms().saturating_add(CODE_MS),
        tries_left: TRIES_MAX,
    };
    sending::leave(account, What::Code(code.id.clone()), code.ends_at)?;
    let view = CodeView {
        expires_at: clock::rfc3339(code.ends_at),
        tries_left: code.tries_left,
    };
    phone.code = Some(code);
    PHONES.put(account, &phone)?;
    Ok((202, Json(view)))
}

/// Verifies the number, if the code is the one that was sent there. A wrong one is an answer and no problem, because
/// it has to be counted: what a problem ends leaves no trace.
pub fn verify_phone(caller: Caller, Json(told): Json<CodeTold>) -> Result<Json<Verdict>> {
    let account = caller.user()?;
    if told.code.len() != DIGITS || !told.code.bytes().all(|byte| byte.is_ascii_digit()) {
        let detail = format!("code has {DIGITS} digits.");
        return Err(Problem::invalid("code", detail));
    }
    let mut phone = unverified(account)?;
    let open = phone.code.as_mut().filter(|code| code.is_open());
    let Some(code) = open else {
        let detail = "No code waits to be told; have a new one sent.";
        return Err(Problem::conflict("no-code", detail));
    };
    code.tries_left = code.tries_left.saturating_sub(1);
    let tries_left = code.tries_left;
    let verified = code.is(account, &phone.number, &told.code)?;
    if verified {
        phone.is_verified = true;
        phone.code = None;
        sending::welcome(account, &mut phone)?;
    }
    PHONES.put(account, &phone)?;
    Ok(Json(Verdict {
        verified,
        tries_left,
    }))
}

/// One's own number, as long as a code may change anything about it.
fn unverified(account: &str) -> Result<Phone> {
    let phone = PHONES.get(account)?;
    let phone = phone.ok_or_else(|| Problem::not_found("phone"))?;
    if phone.is_verified {
        let detail = "The number is verified already.";
        return Err(Problem::conflict("already-verified", detail));
    }
    Ok(phone)
}

/// Draws the code that was asked for under this id, and answers its digits. None if it is too late for it, or if it was
/// for another number.
pub fn draw(account: &str, phone: &mut Phone, id: &str) -> Result<Option<String>> {
    let wanted = phone.code.as_mut();
    let wanted = wanted.filter(|code| code.id == id && code.ends_at > clock::now_ms());
    let Some(code) = wanted else {
        return Ok(None);
    };
    let drawn = random::bytes(8).into_iter();
    let drawn = drawn.fold(0_u64, |drawn, byte| (drawn << 8) | u64::from(byte));
    let digits = format!("{:0DIGITS$}", drawn % CODES_COUNT);
    let message = code.message(account, &phone.number, &digits);
    code.hash = Some(secrets::sign(KEY, &message)?);
    Ok(Some(digits))
}

impl Code {
    /// Whether it may be told.
    fn is_open(&self) -> bool {
        self.hash.is_some() && self.tries_left > 0 && self.ends_at > clock::now_ms()
    }

    /// Whether these are its digits. It takes the same time wherever they differ.
    fn is(&self, account: &str, number: &Number, digits: &str) -> Result<bool> {
        let hash = self.hash.as_deref().unwrap_or_default();
        let message = self.message(account, number, digits);
        Ok(secrets::verifies(KEY, &message, hash)?)
    }

    /// What is hashed: the digits, and all that they are good for.
    fn message(&self, account: &str, number: &Number, digits: &str) -> Vec<u8> {
        let (id, number) = (&self.id, number.as_str());
        format!("code:{account}:{id}:{number}:{digits}").into_bytes()
    }
}
