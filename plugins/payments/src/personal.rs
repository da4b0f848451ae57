//! What is kept about buyers: told to them, and forgotten as far as the books allow. A payment stays, and whose it was
//! by an id that names nobody any more; the address goes.

use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::payment::{PAYMENTS, Payment};

/// Payments that are changed at once.
const PORTION: u32 = 100;
/// By which the plugin goes on.
const FORGETTING: &str = "payments.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let own = PAYMENTS.query().filter(eq("buyerId", account));
    let told = |stored: Stored<Payment>| {
        let payment = stored.value;
        json!({
            "id": payment.id,
            "orderNumber": payment.number,
            "email": payment.buyer_email,
            "provider": payment.provider,
            "status": payment.status,
            "amount": payment.amount.to_major_json(),
            "refundedAmount": payment.refunded().to_major_json(),
            "currency": payment.amount.currency,
            "createdAt": clock::rfc3339(payment.created_at),
        })
    };
    let kept = Kept::new().list("payments", own.sort_desc("createdAt"), told)?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    let known = eq("buyerId", account).and(ne("buyerEmail", Value::Null));
    let is_more = forget_some(PAYMENTS.query().filter(known), PORTION, |stored| {
        let payment = Payment {
            buyer_email: None,
            ..stored.value
        };
        PAYMENTS.put(&stored.id, &payment)?;
        Ok(())
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}
