//! Requests to Razorpay.

use serde::Deserialize;
use serde_json::json;
use stoa_guest::outbound::{self, Method};

use super::charge::{Charge, Order, Refund};
use crate::amounts;
use crate::gateway::Opened;
use crate::news::{News, What};
use crate::payment::Payment;
use stoa_guest::outbound::{Reply, Trouble, id};

/// A list of Razorpay's.
#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

fn units(payment: &Payment) -> Reply<i64> {
    amounts::to_provider(payment.provider, &payment.amount).map_err(Trouble::Undone)
}

fn order_of(payment: &Payment) -> Reply<&str> {
    id(payment.provider_id.as_deref().unwrap_or_default())
}

fn charge_of(payment: &Payment) -> Reply<&str> {
    id(payment.charge.as_deref().unwrap_or_default())
}

fn get<T: serde::de::DeserializeOwned>(path: &str) -> Reply<T> {
    outbound::request("razorpay", Method::Get, path).ask()
}

/// A new order of Razorpay's, which charges nothing until its page is paid. The receipt is how a lost one is found.
pub fn open(payment: &Payment) -> Reply<Opened> {
    let body = json!({
        "amount": units(payment)?,
        "currency": payment.amount.currency,
        "receipt": payment.id,
        "notes": {"orderId": payment.order_id, "paymentId": payment.id},
    });
    let request = outbound::request("razorpay", Method::Post, "/v1/orders")
        .json(&body)
        .purpose(&format!("create-{}", payment.id));
    let order: Order = request.ask()?;
    Ok(Opened {
        provider_id: order.id.clone(),
        news: order.says(What::Nothing),
        client_secret: None,
    })
}

/// How far an order of Razorpay's is: as far as the furthest of its charges.
pub fn news(order: &str) -> Reply<News> {
    let order = id(order)?;
    let list: List<Charge> = get(&format!("/v1/orders/{order}/payments"))?;
    let furthest = list.items.iter().max_by_key(|charge| rank(charge));
    let said = furthest.and_then(|charge| charge.says(charge.what()));
    Ok(said.unwrap_or_else(|| nothing(order)))
}

/// How far a charge is.
fn rank(charge: &Charge) -> u8 {
    match charge.what() {
        What::Refunded { .. } | What::Succeeded(_) => 3,
        What::Authorized(_) => 2,
        What::Failed(_) => 1,
        _ => 0,
    }
}

fn nothing(order: &str) -> News {
    News {
        provider_id: order.into(),
        payment_id: None,
        order_id: None,
        amount: None,
        what: What::Nothing,
    }
}

/// How far a charge is that was made for an order.
pub fn charge(order: &str, charge: &str) -> Reply<News> {
    let charge: Charge = get(&format!("/v1/payments/{}", id(charge)?))?;
    Ok(charge.says(charge.what()).unwrap_or_else(|| nothing(order)))
}

/// The order of Razorpay's of a payment that was begun without an answer, by its receipt.
pub fn find(payment: &Payment) -> Reply<Option<News>> {
    let list: List<Order> = get(&format!("/v1/orders?receipt={}", payment.id))?;
    let is_it = |order: &Order| order.receipt.as_ref() == Some(&payment.id);
    let order = list.items.into_iter().find(is_it);
    Ok(order.map(|order| order.says(What::Nothing)))
}

/// Fetches reserved money, if it still is. Razorpay fetches it once.
pub fn capture(payment: &Payment, charge_id: &str) -> Reply<News> {
    let order = order_of(payment)?;
    let current = charge(order, charge_id)?;
    if !matches!(current.what, What::Authorized(_)) {
        return Ok(current);
    }
    let body = json!({"amount": units(payment)?, "currency": payment.amount.currency});
    let path = format!("/v1/payments/{}/capture", id(charge_id)?);
    let request = outbound::request("razorpay", Method::Post, &path)
        .json(&body)
        .purpose(&format!("capture-{}", payment.id));
    match request.ask::<Charge>() {
        Ok(charge) => Ok(charge.says(charge.what()).unwrap_or_else(|| nothing(order))),
        // Somebody else fetched it meanwhile.
        Err(Trouble::Refused(_)) => charge(order, charge_id),
        Err(trouble) => Err(trouble),
    }
}

/// What has gone back so far.
pub fn refunded(payment: &Payment) -> Reply<News> {
    charge(order_of(payment)?, charge_of(payment)?)
}

/// Gives back what has not gone back.
pub fn refund(payment: &Payment) -> Reply<News> {
    let order = order_of(payment)?;
    let back = amounts::to_provider(payment.provider, &payment.refunded());
    let rest = units(payment)? - back.map_err(Trouble::Undone)?;
    let body = json!({
        "amount": rest,
        "receipt": payment.id,
        "notes": {"orderId": payment.order_id, "paymentId": payment.id},
    });
    let path = format!("/v1/payments/{}/refund", charge_of(payment)?);
    let request = outbound::request("razorpay", Method::Post, &path)
        .json(&body)
        .purpose(&format!("refund-{}", payment.id));
    let refund: Refund = request.ask()?;
    let what = match refund.status.as_deref() {
        Some("processed") => What::Refunded {
            charge: payment.charge.clone(),
            units: units(payment)?,
        },
        Some("failed") => What::RefundFailed("no reason given".into()),
        _ => What::Nothing,
    };
    Ok(News {
        what,
        ..nothing(order)
    })
}

/// An order of Razorpay's can't be ended: all there is to know is how far it is.
pub fn withdraw(payment: &Payment) -> Reply<News> {
    news(order_of(payment)?)
}
