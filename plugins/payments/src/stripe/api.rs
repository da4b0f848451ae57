//! Requests to Stripe.

use serde::Deserialize;
use stoa_guest::outbound::{self, Method, Outgoing};
use stoa_guest::settings;

use super::intent::{Intent, Refund};
use crate::amounts;
use crate::gateway::Opened;
use crate::news::{News, What};
use crate::payment::Payment;
use stoa_guest::outbound::{Refusal, Reply, Trouble, id};

/// The version of the API that these shapes are of; else it would be the account's.
const VERSION: &str = "2024-06-20";
/// Payment intents among which a lost one is looked for: those of the minutes around its time.
const FOUND_MAX: u32 = 100;
/// Refunds of one charge that are looked at. Of a charge that goes back in more parts, webhooks tell the sum.
const REFUNDS_MAX: u32 = 100;

/// A list of Stripe's.
#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
}

fn request(method: Method, path: &str) -> Outgoing {
    outbound::request("stripe", method, path).header("stripe-version", VERSION)
}

fn units(payment: &Payment) -> Reply<i64> {
    amounts::to_provider(payment.provider, &payment.amount).map_err(Trouble::Undone)
}

fn intent_of(payment: &Payment) -> Reply<&str> {
    id(payment.provider_id.as_deref().unwrap_or_default())
}

fn opened(intent: Intent) -> Opened {
    Opened {
        news: intent.news(),
        provider_id: intent.id,
        client_secret: intent.client_secret,
    }
}

/// Where Stripe sends buyers back to when their page has named nothing.
fn return_url() -> Option<String> {
    settings::get("return_url")
}

/// Whether an intent takes means of payment that send the buyer elsewhere. Stripe confirms such an intent only with an
/// address to come back to, whatever it is paid by; so a shop that has none takes none of them.
fn redirects() -> &'static str {
    match return_url() {
        Some(_) => "always",
        None => "never",
    }
}

/// A new payment intent, which charges nothing until it is confirmed.
pub fn open(payment: &Payment) -> Reply<Opened> {
    let (amount, currency) = (
        units(payment)?.to_string(),
        payment.amount.currency.to_ascii_lowercase(),
    );
    let request = request(Method::Post, "/v1/payment_intents")
        .form([
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("automatic_payment_methods[enabled]", "true"),
            ("automatic_payment_methods[allow_redirects]", redirects()),
            ("description", &payment.number),
            ("metadata[orderId]", &payment.order_id),
            ("metadata[userId]", &payment.buyer_id),
            ("metadata[paymentId]", &payment.id),
        ])
        .purpose(&format!("create-{}", payment.id));
    request.ask().map(opened)
}

/// A payment intent as it is now, with the secret by which the buyer's page pays it.
pub fn reopen(provider_id: &str) -> Reply<Opened> {
    let path = format!("/v1/payment_intents/{}", id(provider_id)?);
    request(Method::Get, &path).ask().map(opened)
}

/// Charges the buyer's means of payment. An intent is charged once, however often it is confirmed. The buyer comes back to
/// the address that is named, else to the operator's.
pub fn confirm(payment: &Payment, intent: &str, method: &str, named: Option<&str>) -> Reply<News> {
    let path = format!("/v1/payment_intents/{}/confirm", id(intent)?);
    let back = named.map(Into::into).or_else(return_url);
    let back = back.as_deref().map(|url| ("return_url", url));
    let fields = [("payment_method", method)].into_iter().chain(back);
    let request = request(Method::Post, &path)
        .form(fields)
        .purpose(&format!("confirm-{}", payment.id));
    match request.ask::<Intent>() {
        Ok(intent) => Ok(intent.news()),
        Err(Trouble::Refused(refusal)) => refused(payment, intent, refusal),
        Err(trouble) => Err(trouble),
    }
}

/// A declined card is an answer, and an intent that somebody else has moved on meanwhile tells where it is.
fn refused(payment: &Payment, intent: &str, refusal: Refusal) -> Reply<News> {
    if refusal.code == "payment_intent_unexpected_state" {
        return reopen(intent).map(|opened| opened.news);
    }
    if refusal.status != 402 {
        return Err(Trouble::Refused(refusal));
    }
    Ok(News {
        provider_id: intent.into(),
        payment_id: Some(payment.id.clone()),
        order_id: None,
        amount: None,
        what: What::Failed(refusal.message),
    })
}

/// The intent of a payment that was begun without an answer, by what was given along.
pub fn find(payment: &Payment) -> Reply<Option<News>> {
    let begun_s = payment.created_at / 1_000;
    let (from, to) = (begun_s.saturating_sub(60), begun_s.saturating_add(300));
    let path = format!(
        "/v1/payment_intents?created%5Bgte%5D={from}&created%5Blte%5D={to}&limit={FOUND_MAX}"
    );
    let list: List<Intent> = request(Method::Get, &path).ask()?;
    let is_it = |intent: &&Intent| intent.metadata.get("paymentId") == Some(&payment.id);
    Ok(list.data.iter().find(is_it).map(Intent::news))
}

/// Fetches reserved money.
pub fn capture(payment: &Payment) -> Reply<News> {
    let intent = intent_of(payment)?;
    let path = format!("/v1/payment_intents/{intent}/capture");
    let request = request(Method::Post, &path).purpose(&format!("capture-{}", payment.id));
    settled(intent, request.ask::<Intent>())
}

/// Ends an intent.
pub fn withdraw(payment: &Payment) -> Reply<News> {
    let intent = intent_of(payment)?;
    let path = format!("/v1/payment_intents/{intent}/cancel");
    let request = request(Method::Post, &path)
        .form([("cancellation_reason", "abandoned")])
        .purpose(&format!("withdraw-{}", payment.id));
    settled(intent, request.ask::<Intent>())
}

/// What an intent is after it was to be ended: refused because it is over already, it tells how.
fn settled(intent: &str, reply: Reply<Intent>) -> Reply<News> {
    match reply {
        Ok(intent) => Ok(intent.news()),
        Err(Trouble::Refused(_)) => reopen(intent).map(|opened| opened.news),
        Err(trouble) => Err(trouble),
    }
}

/// What has gone back so far.
pub fn refunded(payment: &Payment) -> Reply<News> {
    let intent = intent_of(payment)?;
    let path = format!("/v1/refunds?payment_intent={intent}&limit={REFUNDS_MAX}");
    let list: List<Refund> = request(Method::Get, &path).ask()?;
    let done = list.data.iter().filter(|refund| refund.is("succeeded"));
    let units = done.fold(0_i64, |sum, refund| sum.saturating_add(refund.amount));
    let pending = list.data.iter().any(Refund::is_pending);
    let failed = list.data.iter().find(|refund| refund.has_failed());
    let what = match failed {
        Some(failed) if units == 0 && !pending => What::RefundFailed(failed.why()),
        _ => went_back(units),
    };
    Ok(told(payment, intent, what))
}

/// Gives back what has not gone back. Stripe takes no more back than was charged.
pub fn refund(payment: &Payment) -> Reply<News> {
    let intent = intent_of(payment)?;
    let request = request(Method::Post, "/v1/refunds")
        .form([
            ("payment_intent", intent),
            ("reason", "requested_by_customer"),
            ("metadata[orderId]", &payment.order_id),
            ("metadata[paymentId]", &payment.id),
        ])
        .purpose(&format!("refund-{}", payment.id));
    let refund: Refund = request.ask()?;
    let what = if refund.is("succeeded") {
        went_back(units(payment)?)
    } else if refund.has_failed() {
        What::RefundFailed(refund.why())
    } else {
        What::Nothing
    };
    Ok(told(payment, intent, what))
}

const fn went_back(units: i64) -> What {
    match units {
        0 => What::Nothing,
        units => What::Refunded {
            charge: None,
            units,
        },
    }
}

fn told(payment: &Payment, intent: &str, what: What) -> News {
    News {
        provider_id: intent.into(),
        payment_id: Some(payment.id.clone()),
        order_id: None,
        amount: None,
        what,
    }
}
