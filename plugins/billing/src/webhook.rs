//! What Stripe calls back with: written down once, in the same transaction as its effect.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_guest::prelude::*;
use stoa_guest::webhook::StripeEvent;

use crate::account::Account;
use crate::entitlement;
use crate::stripe::{Invoice, Session, Subscription};
use crate::subscription::{self, SUBSCRIPTIONS, Standing, What, Word};

const EVENTS: Collection<Record> = Collection::new("events");

/// An event that came.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    kind: String,
    outcome: String,
    at: u64,
}

/// That an event came.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Heard {
    pub received: bool,
    /// `applied`, `ignored` or `duplicate`.
    pub outcome: &'static str,
}

pub fn hear(request: &Request) -> Result<Json<Heard>> {
    let event = webhook::stripe(request, "stripe_webhook_secret")?;
    if EVENTS.get(&event.id)?.is_some() {
        return Ok(heard("duplicate"));
    }
    // Of an organisation that never began to pay there is no news.
    let mut outcome = "ignored";
    if let Some(mut account) = Account::find()?
        && take(&mut account, &event)?
    {
        entitlement::settle(&mut account)?;
        account.save()?;
        outcome = "applied";
    }
    let record = Record {
        kind: outbound::sentence(&event.kind),
        outcome: outcome.into(),
        at: clock::now_ms(),
    };
    EVENTS.create(&event.id, &record)?;
    Ok(heard(outcome))
}

const fn heard(outcome: &'static str) -> Json<Heard> {
    Json(Heard {
        received: true,
        outcome,
    })
}

/// Takes an event; false if it is of another organisation or of no concern.
fn take(account: &mut Account, event: &StripeEvent) -> Result<bool> {
    match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            let session: Session = read(&event.object)?;
            take_session(account, session, event)
        }
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let subscription: Subscription = read(&event.object)?;
            take_subscription(account, subscription, event)
        }
        "invoice.payment_failed" => take_failure(account, read(&event.object)?, event),
        _ => Ok(false),
    }
}

/// Somebody finished paying. The plan is theirs at once if it is paid; the subscription's own events tell the rest.
fn take_session(account: &mut Account, session: Session, event: &StripeEvent) -> Result<bool> {
    if session.client_reference_id.as_ref() != Some(&account.id) {
        return Ok(false);
    }
    if let Some(customer) = &session.customer {
        account.customer.get_or_insert_with(|| customer.clone());
    }
    if account
        .open
        .as_ref()
        .is_some_and(|open| open.session == session.id)
    {
        account.open = None;
    }
    if let Some(id) = &session.subscription {
        let standing = if session.is_paid() {
            Standing::Active
        } else {
            Standing::Waiting
        };
        let what = What::Stands {
            standing,
            price: None,
            plan: session.metadata.get("plan").cloned(),
        };
        // The subscription's own events know more: of the same second, they count.
        subscription::hear(id, word(event, what, ""))?;
    }
    Ok(true)
}

fn take_subscription(
    account: &mut Account,
    told: Subscription,
    event: &StripeEvent,
) -> Result<bool> {
    if !is_ours(
        account,
        &told.id,
        told.metadata.get("account").map(String::as_str),
    )? {
        return Ok(false);
    }
    if let Some(customer) = &told.customer {
        account.customer.get_or_insert_with(|| customer.clone());
    }
    let what = if event.kind.ends_with(".deleted") {
        What::Ended
    } else {
        told.what()
    };
    subscription::hear(&told.id, word(event, what, &event.id))?;
    Ok(true)
}

fn take_failure(account: &Account, invoice: Invoice, event: &StripeEvent) -> Result<bool> {
    let Some(id) = invoice.subscription() else {
        return Ok(false);
    };
    if !is_ours(account, id, invoice.account())? {
        return Ok(false);
    }
    subscription::hear(id, word(event, What::Failed, &event.id))?;
    Ok(true)
}

/// Whether a subscription is this organisation's: by what was given along with it, or because it is known.
fn is_ours(account: &Account, id: &str, named: Option<&str>) -> Result<bool> {
    match named {
        Some(named) => Ok(named == account.id),
        None => Ok(SUBSCRIPTIONS.get(id)?.is_some()),
    }
}

fn word(event: &StripeEvent, what: What, id: &str) -> Word {
    Word {
        at_s: event.created_s,
        event: id.into(),
        what,
    }
}

fn read<T: DeserializeOwned>(object: &Value) -> Result<T> {
    T::deserialize(object).map_err(|error| {
        let detail = format!("The event is malformed: {error}");
        Problem::new(400, "invalid-request", detail)
    })
}
