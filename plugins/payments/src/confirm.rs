//! Confirming a payment. Whether money moves is the provider's word, never the buyer's.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::create::{payable, unknown};
use crate::gateway;
use crate::journal::{self, Kind};
use crate::news::{News, What};
use crate::payment::{PAYMENTS, Payment, Provider, Status, by_provider_id};
use crate::view::PaymentView;
use crate::{progress, razorpay, shop, stripe};
use stoa_guest::outbound::{Reply, Trouble};

/// Which payment, and what its provider's page gave the buyer. Razorpay's page names its members with `_`.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Confirmation {
    /// As it was answered when the payment was begun; or one of the provider's names for it.
    pub payment_id: Option<String>,
    /// Stripe's payment intent.
    pub payment_intent_id: Option<String>,
    /// Stripe's means of payment, `pm_…`; absent if the page has confirmed already.
    #[serde(alias = "paymentMethodId", alias = "paymentMethod")]
    pub payment_method_id: Option<String>,
    /// Where Stripe sends the buyer back to who has to prove who they are; the operator's choice if absent.
    pub return_url: Option<String>,
    /// Razorpay's order.
    #[serde(alias = "razorpay_order_id")]
    pub razorpay_order_id: Option<String>,
    /// Razorpay's payment, `pay_…`.
    #[serde(alias = "razorpay_payment_id")]
    pub razorpay_payment_id: Option<String>,
    /// By which Razorpay's page proves it.
    #[serde(alias = "razorpay_signature")]
    pub razorpay_signature: Option<String>,
}

pub fn confirm(caller: Caller, Json(wish): Json<Confirmation>) -> Result<(u16, Json<PaymentView>)> {
    let mut payment = own(&wish, caller.user()?)?;
    if payment.status >= Status::Canceled || payment.provider_id.is_none() {
        return Ok(PaymentView::of(&payment, None)?.answer(200));
    }
    let news = match payment.provider {
        Provider::Stripe => by_stripe(&payment, &wish),
        Provider::Razorpay => by_razorpay(&payment, &wish),
    }?;
    match news {
        Ok(news) => {
            journal::note(&payment, Kind::Confirm, "confirmed by the buyer")?;
            progress::apply(&mut payment, &news)?;
        }
        Err(Trouble::Unknown(reason)) => {
            unknown(&mut payment, &reason)?;
            // Also of a payment that was declined before.
            let mut view = PaymentView::of(&payment, None)?;
            view.status = Status::Processing;
            return Ok(view.answer(202));
        }
        Err(trouble) => return Err(trouble.into()),
    }
    Ok(PaymentView::of(&payment, None)?.answer(200))
}

/// The caller's payment. Somebody else's is as good as none.
fn own(wish: &Confirmation, buyer_id: &str) -> Result<Payment> {
    let found = match (
        &wish.payment_id,
        &wish.payment_intent_id,
        &wish.razorpay_order_id,
    ) {
        (Some(id), _, _) => PAYMENTS.get(id)?,
        (None, Some(intent), _) => by_provider_id(Provider::Stripe, intent)?,
        (None, None, Some(order)) => by_provider_id(Provider::Razorpay, order)?,
        (None, None, None) => {
            return Err(Problem::invalid("paymentId", "Say which payment."));
        }
    };
    found
        .filter(|payment| payment.buyer_id == buyer_id)
        .ok_or_else(|| Problem::not_found("payment"))
}

/// Confirms at Stripe what the page has not confirmed. First a look: what was confirmed is not confirmed again.
fn by_stripe(payment: &Payment, wish: &Confirmation) -> Result<Reply<News>> {
    let Some(intent) = payment.provider_id.as_deref() else {
        return Err(Problem::not_found("payment"));
    };
    let current = match gateway::reopen(payment, intent) {
        Ok(Some(opened)) => opened.news,
        Ok(None) => return Err(Problem::not_found("payment")),
        // Only a look: nothing has happened that would have to be found out.
        Err(trouble) => return Err(trouble.into()),
    };
    let method = wish.payment_method_id.as_deref();
    match (&current.what, method) {
        (What::Nothing | What::Failed(_), Some(method)) => {
            let order = shop::own_order(&payment.order_id, &payment.buyer_id)?;
            payable(&order)?;
            let back = wish.return_url.as_deref();
            Ok(stripe::api::confirm(payment, intent, method, back))
        }
        _ => Ok(Ok(current)),
    }
}

/// Believes Razorpay's page by its signature that it has to do with this payment, and asks Razorpay how far it is.
fn by_razorpay(payment: &Payment, wish: &Confirmation) -> Result<Reply<News>> {
    let Some(order) = payment.provider_id.as_deref() else {
        return Err(Problem::not_found("payment"));
    };
    let (Some(charge), Some(signature)) = (&wish.razorpay_payment_id, &wish.razorpay_signature)
    else {
        return Ok(gateway::news(payment, order));
    };
    razorpay::checkout::verify(order, charge, signature)?;
    Ok(razorpay::api::charge(order, charge))
}
