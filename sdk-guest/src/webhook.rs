//! Webhooks: whether a request is from the service that shares a secret with the operator, and what it tells.
//!
//! The signatures are over the body as it came, so the body is read only after it has been verified.

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;

use crate::extract::FromRequest as _;
use crate::{Json, Problem, Request, Result};

/// Seconds between a signature and now, in either direction: what Stripe's own libraries allow for the past.
pub const TOLERANCE_S: u64 = 300;

/// Well-formed signatures of one header that are compared: while a secret is being replaced there are two.
const SIGNATURES_MAX: usize = 16;
/// Bytes of an event's id; Stripe's and Razorpay's have about thirty.
const ID_BYTES_MAX: usize = 128;

/// A verified event of Stripe.
#[derive(Debug, Clone, PartialEq)]
pub struct StripeEvent {
    /// `evt_…`; the same at every delivery.
    pub id: String,
    /// Such as `payment_intent.succeeded`.
    pub kind: String,
    /// Seconds since 1970.
    pub created_s: u64,
    /// What it is about, as it was then.
    pub object: Value,
}

/// Verifies `Stripe-Signature` by the secret of this name and reads the event.
///
/// The header is `t=<unix seconds>,v1=<hex>[,v1=…]`; a signature is the HMAC-SHA256 of `<t>.<body>`. One that fits
/// is enough, and schemes other than `v1` count for nothing.
///
/// # Errors
/// 400 for a signature that is missing, malformed, wrong, or further than [`TOLERANCE_S`] from now, for a body that is
/// no event, and for a thin event, which tells nothing; 503 while the operator has not set the secret.
pub fn stripe(request: &Request, secret: &str) -> Result<StripeEvent> {
    #[derive(Deserialize)]
    struct Data {
        object: Value,
    }
    #[derive(Deserialize)]
    struct Wire {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        created: u64,
        data: Data,
    }
    let header = crate::inbound::header("stripe-signature");
    let now_s = crate::clock::now_ms() / 1_000;
    verify_stripe(secret, header.as_deref(), &request.body, now_s, TOLERANCE_S)?;
    let Json(value) = Json::<Value>::from_request(request)?;
    if value.get("object").and_then(Value::as_str) == Some("v2.core.event") {
        return Err(Problem::new(
            400,
            "thin-event",
            "Thin events are not taken; send snapshot events.",
        ));
    }
    let wire: Wire = serde_json::from_value(value)
        .map_err(|error| Problem::new(400, "invalid-request", format!("No event: {error}")))?;
    Ok(StripeEvent {
        id: event_id(&wire.id)?.into(),
        kind: wire.kind,
        created_s: wire.created,
        object: wire.data.object,
    })
}

/// Verifies a header that holds nothing but the hex of the body's HMAC-SHA256, as Razorpay's `X-Razorpay-Signature`.
/// It bears no time: whoever takes such webhooks remembers which ones it took.
///
/// # Errors
/// 400 for a signature that is missing, malformed or wrong; 503 while the operator has not set the secret.
pub fn plain(request: &Request, secret: &str, header: &str) -> Result<()> {
    let value = crate::inbound::header(header).ok_or_else(|| refused("There is no signature."))?;
    verify_hex(secret, &request.body, value.trim())
}

/// Verifies that a text is the hex of the message's HMAC-SHA256, as what Razorpay's page gives a buyer.
///
/// # Errors
/// 400 for a signature that is malformed or wrong; 503 while the operator has not set the secret.
pub fn verify_hex(secret: &str, message: &[u8], signature: &str) -> Result<()> {
    let signature = unhex(signature).ok_or_else(|| refused("The signature is malformed."))?;
    any_fits(secret, message, &[signature])
}

/// An event's id as it may be part of a document's id.
///
/// # Errors
/// 400 for anything but 1 to 128 visible ASCII characters.
pub fn event_id(id: &str) -> Result<&str> {
    let fits = (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if fits {
        Ok(id)
    } else {
        Err(Problem::invalid("id", "The event's id is malformed."))
    }
}

fn verify_stripe(
    secret: &str,
    header: Option<&str>,
    body: &[u8],
    now_s: u64,
    tolerance_s: u64,
) -> Result<()> {
    let header = header.ok_or_else(|| refused("There is no signature."))?;
    let parts = || header.split(',').filter_map(|part| part.split_once('='));
    let time = parts().find(|(scheme, _)| scheme.trim() == "t");
    let time = time.map(|(_, text)| text.trim());
    let (Some(text), Some(signed_s)) = (time, time.and_then(seconds)) else {
        return Err(refused("The signature has no time."));
    };
    let mut signatures = parts().filter(|(scheme, _)| scheme.trim() == "v1");
    if signatures.clone().next().is_none() {
        return Err(refused("There is no signature of the scheme v1."));
    }
    let signatures = signatures.by_ref().filter_map(|(_, hex)| unhex(hex.trim()));
    let signatures: Vec<[u8; 32]> = signatures.take(SIGNATURES_MAX).collect();
    let mut message = format!("{text}.").into_bytes();
    message.extend_from_slice(body);
    any_fits(secret, &message, &signatures)?;
    if now_s.abs_diff(signed_s) > tolerance_s {
        return Err(refused("The signature is too old, or of a time to come."));
    }
    Ok(())
}

/// A time as it is written in the header: digits alone.
fn seconds(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    text.parse().ok()
}

/// Whether one of the signatures is the message's, under one of the secret's values. All pairs are compared.
fn any_fits(secret: &str, message: &[u8], signatures: &[[u8; 32]]) -> Result<()> {
    let expected = crate::host::secrets::hmac_sha256(secret, message)?;
    let mut fits = false;
    for mac in &expected {
        for signature in signatures {
            fits |= crate::host::secrets::same(mac, signature);
        }
    }
    if fits {
        Ok(())
    } else {
        Err(refused("No signature fits."))
    }
}

fn refused(reason: &str) -> Problem {
    Problem::new(400, "invalid-signature", reason)
}

/// The bytes of 64 hexadecimal digits.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        // `from_str_radix` takes a sign, which is no digit.
        pair.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}
