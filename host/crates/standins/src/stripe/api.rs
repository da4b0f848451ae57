//! The API's front: who asks, whether it was asked before, and for what.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::Account;
use super::books::Books;
use super::fault::Fault;
use super::fields::Fields;
use super::objects::Object as _;
use crate::call::{Call, Reply};
use crate::desk::Desk;
use crate::mishap::Mishap;
use crate::replay::Known;

/// The version of the API whose shapes these are.
pub const VERSION: &str = "2024-06-20";
/// Bytes of an idempotency key.
const KEY_BYTES_MAX: usize = 255;
const FORM: &str = "application/x-www-form-urlencoded";

pub fn serve(desk: &Desk<Account>, call: &Call, mishap: Option<Mishap>) -> Reply {
    if let Err(fault) = admit(&desk.account, call, mishap) {
        return fault.reply();
    }
    let mut inside = desk.inside();
    let key = call.header("idempotency-key").filter(|_| call.changes());
    let Some(key) = key else {
        return desk.change(&mut inside, |books| done(books, call, mishap).0);
    };
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Fault::invalid("Idempotency keys are 1 to 255 characters.").reply();
    }
    let mut reply = match inside.replays.find(key, call) {
        Known::Same(mut reply) => {
            reply.headers.push(("idempotent-replayed", "true".into()));
            reply
        }
        Known::Other => Fault::new(
            400,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
                 using a key other than '{key}' if you meant to execute a different request."
            ),
        )
        .reply(),
        Known::New => desk.change_once(&mut inside, (key, call), |books| {
            done(books, call, mishap)
        }),
    };
    reply.headers.push(("idempotency-key", key.to_owned()));
    reply
}

/// Refuses strangers, and those who come at a bad time.
fn admit(account: &Account, call: &Call, mishap: Option<Mishap>) -> Result<(), Fault> {
    let user = call.basic().map(|(user, _)| user);
    if user.as_deref().or_else(|| call.bearer()) != Some(&*account.key) {
        return Err(Fault::new(
            401,
            "invalid_request_error",
            "Invalid API Key provided.",
        ));
    }
    let kind = call.header(CONTENT_TYPE.as_str()).unwrap_or(FORM);
    if !call.body.is_empty() && !kind.starts_with(FORM) {
        let message = format!(
            "Invalid request (check that your POST content type is {FORM}). If you have questions, we can help."
        );
        return Err(Fault::invalid(message));
    }
    match mishap {
        Some(Mishap::Down) => Err(Fault::new(503, "api_error", "We are away for a moment.")),
        Some(Mishap::Busy) => Err(Fault::invalid("Too many requests hit the API too quickly.")
            .with("code", "rate_limit")
            .with_status(429)),
        _ => Ok(()),
    }
}

/// What comes of a request, and whether it comes of it again under the same key.
fn done(books: &mut Books, call: &Call, mishap: Option<Mishap>) -> (Reply, bool) {
    let outcome = route(books, call);
    if mishap == Some(Mishap::Broken) {
        let fault = Fault::new(500, "api_error", "An error occurred on our side.");
        return (fault.reply(), true);
    }
    match outcome {
        Ok(object) => (Reply::new(200, object), true),
        Err(fault) => (fault.reply(), fault.is_kept()),
    }
}

fn route(books: &mut Books, call: &Call) -> Result<Value, Fault> {
    let fields = match call.method {
        Method::POST => Fields::parse(&call.body),
        _ => Fields::parse(call.query.as_bytes()),
    };
    let unknown = || {
        let message = format!("Unrecognized request URL ({}: {}).", call.method, call.path);
        Fault::new(404, "invalid_request_error", message)
    };
    let segments = call.segments();
    let Some(("v1", rest)) = segments.split_first().map(|(first, rest)| (*first, rest)) else {
        return Err(unknown());
    };
    match (call.method.as_str(), rest) {
        ("POST", ["payment_intents"]) => books.create_intent(&fields),
        ("GET", ["payment_intents"]) => {
            books
                .intents
                .list(&fields, &["customer"], "/v1/payment_intents")
        }
        ("GET", ["payment_intents", id]) => Ok(books.intent(id)?.json()),
        ("POST", ["payment_intents", id, "confirm"]) => books.confirm_intent(id, &fields),
        ("POST", ["payment_intents", id, "capture"]) => books.capture_intent(id, &fields),
        ("POST", ["payment_intents", id, "cancel"]) => books.cancel_intent(id, &fields),
        ("GET", ["charges"]) => {
            let filters = ["payment_intent", "customer"];
            books.charges.list(&fields, &filters, "/v1/charges")
        }
        ("POST", ["refunds"]) => books.create_refund(&fields),
        ("GET", ["refunds"]) => {
            let filters = ["payment_intent", "charge"];
            books.refunds.list(&fields, &filters, "/v1/refunds")
        }
        ("POST", ["customers"]) => books.create_customer(&fields),
        ("GET", ["customers"]) => books.customers.list(&fields, &["email"], "/v1/customers"),
        ("POST", ["checkout", "sessions"]) => books.create_session(&fields),
        ("GET", ["checkout", "sessions"]) => {
            let filters = ["payment_intent", "customer"];
            books
                .sessions
                .list(&fields, &filters, "/v1/checkout/sessions")
        }
        ("POST", ["checkout", "sessions", id, "expire"]) => books.expire_session(id),
        ("POST", ["billing_portal", "sessions"]) => books.create_portal(&fields),
        ("POST", ["subscriptions"]) => books.create_subscription(&fields),
        ("GET", ["subscriptions"]) => {
            let filters = ["customer", "status"];
            books
                .subscriptions
                .list(&fields, &filters, "/v1/subscriptions")
        }
        ("POST", ["subscriptions", id]) => books.change_subscription(id, &fields),
        ("DELETE", ["subscriptions", id]) => books.cancel_subscription(id),
        ("GET", [kind, id]) => one(books, kind, id).ok_or_else(unknown)?,
        ("GET", ["checkout", "sessions", id]) => {
            one(books, "checkout.session", id).ok_or_else(unknown)?
        }
        _ => Err(unknown()),
    }
}

/// An object by its kind and id; none if there is no such kind.
fn one(books: &Books, kind: &str, id: &str) -> Option<Result<Value, Fault>> {
    let (what, object) = match kind {
        "charges" => ("charge", books.charges.get(id).map(|found| found.json())),
        "refunds" => ("refund", books.refunds.get(id).map(|found| found.json())),
        "customers" => (
            "customer",
            books.customers.get(id).map(|found| found.json()),
        ),
        "checkout.session" => (kind, books.sessions.get(id).map(|found| found.json())),
        "subscriptions" => {
            let found = books.subscriptions.get(id);
            ("subscription", found.map(|found| found.json()))
        }
        _ => return None,
    };
    Some(object.ok_or_else(|| Fault::missing(what, id, "id")))
}
