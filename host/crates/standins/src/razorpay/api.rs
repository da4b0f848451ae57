//! The API's front: who asks, whether it was asked before, and for what.

use serde_json::{Map, Value};

use super::Account;
use super::books::Books;
use super::fault::Fault;
use super::objects::collection;
use crate::call::{Call, Reply};
use crate::desk::Desk;
use crate::mishap::Mishap;
use crate::replay::Known;

/// Where refunds have their idempotency key; nothing else has any.
const KEY: &str = "x-refund-idempotency";
/// Characters of a key at least.
const KEY_BYTES_MIN: usize = 10;

pub fn serve(desk: &Desk<Account>, call: &Call, mishap: Option<Mishap>) -> Reply {
    if let Err(fault) = admit(&desk.account, call, mishap) {
        return fault.reply();
    }
    let mut inside = desk.inside();
    let key = call.header(KEY).filter(|_| call.path.ends_with("/refund"));
    let Some(key) = key else {
        return desk.change(&mut inside, |books| done(books, call, mishap).0);
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if key.len() < KEY_BYTES_MIN || !key.bytes().all(is_plain) {
        return Fault::bad("The idempotency key is malformed.").reply();
    }
    match inside.replays.find(key, call) {
        Known::Same(reply) => reply,
        Known::Other => {
            let description = "Different request body sent with the same idempotency key";
            Fault::bad(description).reply()
        }
        Known::New => desk.change_once(&mut inside, (key, call), |books| done(books, call, mishap)),
    }
}

/// Refuses strangers, and those who come at a bad time.
fn admit(account: &Account, call: &Call, mishap: Option<Mishap>) -> Result<(), Fault> {
    let known = (account.key_id.clone(), account.key_secret.clone());
    if call.basic() != Some(known) {
        return Err(Fault::new(
            401,
            "BAD_REQUEST_ERROR",
            "Authentication failed",
        ));
    }
    match mishap {
        Some(Mishap::Down) => Err(Fault::new(503, "SERVER_ERROR", "We are away for a moment.")),
        Some(Mishap::Busy) => Err(Fault::new(
            429,
            "BAD_REQUEST_ERROR",
            "Request rate limit exceeded",
        )),
        _ => Ok(()),
    }
}

/// What comes of a request, and whether it was done.
fn done(books: &mut Books, call: &Call, mishap: Option<Mishap>) -> (Reply, bool) {
    match route(books, call) {
        Ok(object) => {
            // Once it is done, the same request under the same key is told so, whatever became of the first answer.
            if mishap == Some(Mishap::Broken) {
                let fault = Fault::new(500, "SERVER_ERROR", "The server encountered an error.");
                return (fault.reply(), true);
            }
            (Reply::new(200, object), true)
        }
        Err(fault) => (fault.reply(), false),
    }
}

fn route(books: &mut Books, call: &Call) -> Result<Value, Fault> {
    let segments = call.segments();
    let unknown = || {
        Fault::new(
            404,
            "BAD_REQUEST_ERROR",
            "The requested URL was not found on the server.",
        )
    };
    let Some(("v1", rest)) = segments.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(unknown());
    };
    match (call.method.as_str(), rest) {
        ("POST", ["orders"]) => books.create_order(&body(call)?),
        ("GET", ["orders"]) => {
            let mut query = form_urlencoded::parse(call.query.as_bytes());
            let receipt = query.find(|(name, _)| name == "receipt");
            let receipt = receipt.map(|(_, receipt)| receipt.into_owned());
            Ok(collection(&books.orders(receipt.as_deref())))
        }
        ("GET", ["orders", id]) => books.order(id),
        ("GET", ["orders", id, "payments"]) => Ok(collection(&books.payments_of(id)?)),
        ("GET", ["payments", id]) => books.payment(id),
        ("GET", ["payments", id, "refunds"]) => Ok(collection(&books.refunds_list(id)?)),
        ("POST", ["payments", id, "capture"]) => books.capture(id, &body(call)?),
        ("POST", ["payments", id, "refund"]) => books.refund(id, &body(call)?),
        _ => Err(unknown()),
    }
}

fn body(call: &Call) -> Result<Map<String, Value>, Fault> {
    if call.body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&call.body)
        .map_err(|_| Fault::bad("The request body is no JSON object."))
}
