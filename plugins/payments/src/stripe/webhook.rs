//! What Stripe calls back with.

use serde::de::DeserializeOwned;
use serde_json::Value;
use stoa_guest::prelude::*;

use super::intent::{Charge, Intent, Refund};
use crate::news::{News, What};
use crate::payment::Provider;
use crate::webhooks::{self, Call, Heard};

pub fn hear_stripe(request: &Request) -> Result<Json<Heard>> {
    let event = webhook::stripe(request, "stripe_webhook_secret")?;
    let news = news(&event.kind, &event.object)?;
    webhooks::hear(Call {
        provider: Provider::Stripe,
        event_id: event.id,
        kind: event.kind,
        raw: event.object,
        news,
    })
}

/// What an event tells of a payment.
fn news(kind: &str, object: &Value) -> Result<Option<News>> {
    let intent = |what: fn(&Intent) -> What| {
        let intent: Intent = read(object)?;
        Ok(Some(intent.says(what(&intent))))
    };
    match kind {
        "payment_intent.succeeded" => intent(|intent| What::Succeeded(intent.charge())),
        "payment_intent.payment_failed" => intent(|intent| What::Failed(intent.decline())),
        "payment_intent.canceled" => intent(|_| What::Canceled),
        "payment_intent.processing" => intent(|_| What::Processing),
        "payment_intent.requires_action" => intent(|_| What::RequiresAction),
        "payment_intent.amount_capturable_updated" => {
            intent(|intent| What::Authorized(intent.id.clone()))
        }
        "charge.refunded" => Ok(of_charge(read(object)?)),
        "refund.failed" | "charge.refund.updated" | "refund.updated" => {
            Ok(of_refund(read(object)?))
        }
        _ => Ok(None),
    }
}

/// A charge tells the sum of all that went back of it.
fn of_charge(charge: Charge) -> Option<News> {
    Some(News {
        provider_id: charge.payment_intent?,
        payment_id: charge.metadata.get("paymentId").cloned(),
        order_id: charge.metadata.get("orderId").cloned(),
        amount: Some((charge.amount, charge.currency)),
        what: What::Refunded {
            charge: Some(charge.id),
            units: charge.amount_refunded,
        },
    })
}

/// Of a refund it matters that it failed; that it did not, its charge tells.
fn of_refund(refund: Refund) -> Option<News> {
    refund.has_failed().then_some(())?;
    let what = What::RefundFailed(refund.why());
    Some(News {
        provider_id: refund.payment_intent?,
        payment_id: None,
        order_id: None,
        amount: None,
        what,
    })
}

fn read<T: DeserializeOwned>(object: &Value) -> Result<T> {
    T::deserialize(object).map_err(|error| {
        Problem::new(
            400,
            "invalid-request",
            format!("The event is malformed: {error}"),
        )
    })
}
