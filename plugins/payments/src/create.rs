//! Beginning a payment: one at a time for an order and a provider, however often it is asked for.

use serde::Deserialize;
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::gateway;
use crate::journal::{self, Kind};
use crate::orders::Order;
use crate::payment::{ATTEMPTS_MAX, PAYMENTS, Payment, Provider, Status};
use crate::view::PaymentView;
use crate::{amounts, progress, shop};
use stoa_guest::outbound::Trouble;

/// By whom an order is to be charged.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Choice {
    /// The order's `paymentMethod` if absent; the operator's choice if the order has none.
    #[serde(default, alias = "paymentMethod")]
    pub provider: Option<Provider>,
}

/// An order to pay.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewIntent {
    pub order_id: String,
    /// The order's `paymentMethod` if absent; the operator's choice if the order has none.
    #[serde(default, alias = "paymentMethod")]
    pub provider: Option<Provider>,
}

type Answer = Result<(u16, Json<PaymentView>)>;

pub fn pay_order(request: &Request) -> Answer {
    let caller = Caller::from_request(request)?;
    let Path(order_id) = Path::<String>::from_request(request)?;
    let choice = if request.body.is_empty() {
        Choice::default()
    } else {
        Json::from_request(request)?.0
    };
    pay(caller.user()?, &order_id, choice.provider)
}

pub fn create_intent(caller: Caller, Json(new): Json<NewIntent>) -> Answer {
    pay(caller.user()?, &new.order_id, new.provider)
}

fn pay(buyer_id: &str, order_id: &str, provider: Option<Provider>) -> Answer {
    let order = shop::own_order(order_id, buyer_id)?;
    payable(&order)?;
    let provider = provider.map_or_else(|| usual_provider(&order), Ok)?;
    for attempt in 1..=ATTEMPTS_MAX {
        // The order's own id: it may have been asked for by its number.
        let id = Payment::id_of(&order.id, provider, attempt);
        let Some(mut payment) = PAYMENTS.get(&id)? else {
            return begin(id, &order, provider);
        };
        if let Some(answer) = go_on(&mut payment)? {
            return Ok(answer);
        }
    }
    Err(Problem::conflict(
        "too-many-attempts",
        "This order was begun to be paid too often.",
    ))
}

/// Whether there is anything to pay.
pub fn payable(order: &Order) -> Result<()> {
    if matches!(order.payment_status.as_str(), "paid" | "refunded") {
        return Err(Problem::conflict(
            "already-paid",
            "The order is paid already.",
        ));
    }
    if !shop::is_open(order) {
        return Err(Problem::conflict(
            "order-closed",
            "The order can't be paid any more.",
        ));
    }
    if order.total_minor <= 0 {
        return Err(Problem::conflict(
            "nothing-to-pay",
            "The order costs nothing.",
        ));
    }
    Ok(())
}

/// Who charges for an order when a request names nobody.
fn usual_provider(order: &Order) -> Result<Provider> {
    shop::provider(&order.id)?.map_or_else(default_provider, Ok)
}

fn default_provider() -> Result<Provider> {
    settings::get("default_provider").ok_or_else(|| {
        Problem::internal("the setting default_provider is neither stripe nor razorpay")
    })
}

/// A new payment. It is kept also when the provider's answer is lost: then the provider is asked later.
fn begin(id: String, order: &Order, provider: Provider) -> Answer {
    let mut payment = Payment {
        id,
        order_id: order.id.clone(),
        number: order.number.clone(),
        buyer_id: order.buyer_id.clone(),
        buyer_email: order.buyer_email.clone(),
        provider,
        provider_id: None,
        charge: None,
        amount: Money::new(order.total_minor, order.currency.clone()),
        status: Status::Created,
        reason: None,
        settled: None,
        refund: None,
        refunded_minor: 0,
        is_held: false,
        created_at: clock::now_ms(),
        updated_at: 0,
        check_at: None,
    };
    amounts::to_provider(provider, &payment.amount)?;
    let client_secret = match gateway::open(&payment) {
        Ok(opened) => {
            payment.provider_id = Some(opened.provider_id);
            journal::note(&payment, Kind::Created, "begun")?;
            progress::apply(&mut payment, &opened.news)?;
            opened.client_secret
        }
        Err(Trouble::Unknown(reason)) => {
            unknown(&mut payment, &reason)?;
            None
        }
        Err(trouble) => return Err(trouble.into()),
    };
    Ok(PaymentView::of(&payment, client_secret)?.answer(201))
}

/// Whether the provider has acted is not known: it is asked later, and until then nothing is tried again.
pub fn unknown(payment: &mut Payment, reason: &str) -> Result<()> {
    log::warn!("payment {}: the answer is unknown: {reason}", payment.id);
    payment.reach(Status::Processing);
    journal::note(payment, Kind::Unknown, reason)?;
    payment.save()
}

/// A payment that was begun, as it is now; none if it was given up, so that another one may be begun.
fn go_on(payment: &mut Payment) -> Result<Option<(u16, Json<PaymentView>)>> {
    if payment.status == Status::Canceled {
        return Ok(None);
    }
    let mut client_secret = None;
    if payment.status < Status::Canceled
        && let Some(provider_id) = payment.provider_id.clone()
        && let Some(opened) = gateway::reopen(payment, &provider_id)?
    {
        progress::apply(payment, &opened.news)?;
        client_secret = opened.client_secret;
    }
    match payment.status {
        Status::Canceled => Ok(None),
        Status::Succeeded | Status::Refunded if payment.settled.is_some() => Err(
            Problem::conflict("already-paid", "This payment went through already."),
        ),
        _ => Ok(Some(PaymentView::of(payment, client_secret)?.answer(200))),
    }
}
