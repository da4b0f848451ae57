//! What Razorpay calls back with.

use serde::Deserialize;
use serde_json::Value;
use stoa_guest::FromRequest as _;
use stoa_guest::prelude::*;

use super::charge::{Charge, Order, Refund};
use crate::news::{News, What};
use crate::payment::Provider;
use crate::webhooks::{self, Call, Heard};

/// An event.
#[derive(Debug, Deserialize)]
struct Wire {
    event: String,
    #[serde(default)]
    payload: Payload,
}

/// What an event is about; which of it there is depends on the event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload {
    payment: Option<Of<Value>>,
    order: Option<Of<Value>>,
    refund: Option<Of<Value>>,
}

#[derive(Debug, Deserialize)]
struct Of<T> {
    entity: T,
}

pub fn hear_razorpay(request: &Request) -> Result<Json<Heard>> {
    const SIGNATURE: &str = "x-razorpay-signature";
    webhook::plain(request, "razorpay_webhook_secret", SIGNATURE)?;
    // An event without an id is known by its signature, which is its body's.
    let id = inbound::header("x-razorpay-event-id").or_else(|| inbound::header(SIGNATURE));
    let id = id.unwrap_or_default();
    let event_id = webhook::event_id(id.trim())?.to_owned();
    let Json(raw) = Json::<Value>::from_request(request)?;
    let event = Wire::deserialize(&raw).map_err(|error| malformed(&error))?;
    let news = news(&event)?;
    webhooks::hear(Call {
        provider: Provider::Razorpay,
        event_id,
        kind: event.event,
        raw,
        news,
    })
}

/// What an event tells of a payment.
fn news(event: &Wire) -> Result<Option<News>> {
    let Payload {
        payment,
        order,
        refund,
    } = &event.payload;
    let charge = || read::<Charge>(payment.as_ref());
    Ok(match event.event.as_str() {
        "payment.authorized" => {
            charge()?.and_then(|charge| charge.says(What::Authorized(charge.id.clone())))
        }
        "payment.captured" => {
            charge()?.and_then(|charge| charge.says(What::Succeeded(Some(charge.id.clone()))))
        }
        "payment.failed" => {
            charge()?.and_then(|charge| charge.says(What::Failed(charge.decline())))
        }
        "order.paid" => {
            let by = charge()?.map(|charge| charge.id);
            read::<Order>(order.as_ref())?.map(|order| order.says(What::Succeeded(by)))
        }
        "refund.processed" => charge()?.filter(was_fetched).and_then(|charge| {
            let what = charge.refunded();
            charge.says(what)
        }),
        "refund.failed" => {
            let _: Option<Refund> = read(refund.as_ref())?;
            let what = What::RefundFailed("Razorpay could not give it back".into());
            charge()?.and_then(|charge| charge.says(what))
        }
        _ => None,
    })
}

/// Money that was reserved and never fetched goes back by itself; it was never paid.
fn was_fetched(charge: &Charge) -> bool {
    charge.captured != Some(false)
}

fn read<'a, T: Deserialize<'a>>(of: Option<&'a Of<Value>>) -> Result<Option<T>> {
    of.map(|of| T::deserialize(&of.entity).map_err(|error| malformed(&error)))
        .transpose()
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        400,
        "invalid-request",
        format!("The event is malformed: {error}"),
    )
}
