//! What is kept about buyers: told to them, and forgotten as far as the books allow. A payment stays, and whose it was
//! by an id that names nobody any more; the address goes.

use serde::Deserialize;
use serde_json::{Value, json};
use stoa_guest::prelude::*;

use crate::payment::{PAYMENTS, Payment};

/// Payments that are told, the newest first, and that are changed at once: pages of the store.
const PAGE: u32 = 200;
/// Pages that one event changes, within what one transaction may write: a buyer has a handful of payments.
const PAGES_MAX: u32 = 4;

/// Somebody who is here no more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    user_id: String,
}

pub fn personal_data(account: &str) -> Result<Value> {
    let page = PAYMENTS
        .query()
        .filter(eq("buyerId", account))
        .sort_desc("createdAt")
        .limit(PAGE)
        .run()?;
    let told = |payment: Payment| {
        json!({
            "id": payment.id,
            "orderNumber": payment.number,
            "email": payment.buyer_email,
            "provider": payment.provider,
            "status": payment.status,
            "amount": payment.amount.to_major_json(),
            "currency": payment.amount.currency,
            "createdAt": clock::rfc3339(payment.created_at),
        })
    };
    let payments = page.items.into_iter().map(|stored| told(stored.value));
    let payments: Vec<Value> = payments.collect();
    if payments.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "payments": payments }))
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    if event.source != "host" {
        log::warn!("{} can't say that somebody is erased", event.source);
        return Ok(());
    }
    let known = eq("buyerId", event.payload.user_id).and(ne("buyerEmail", Value::Null));
    for _ in 0..PAGES_MAX {
        let page = PAYMENTS.query().filter(known.clone()).limit(PAGE).run()?;
        if page.items.is_empty() {
            return Ok(());
        }
        for stored in page.items {
            let mut payment = stored.value;
            payment.buyer_email = None;
            PAYMENTS.put(&stored.id, &payment)?;
        }
    }
    Ok(())
}
