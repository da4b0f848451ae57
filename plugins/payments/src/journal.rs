//! The transactions: what happened to payments, for those who have to account for it. Never a secret.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::payment::{Payment, Provider};
use stoa_guest::outbound::sentence;

const TRANSACTIONS: Collection<Entry> = Collection::new("transactions");

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The payment was begun.
    Created,
    /// The buyer confirmed it.
    Confirm,
    /// The provider called back.
    Webhook,
    /// The payment took another state.
    State,
    /// Money goes back.
    Refund,
    /// The provider said what does not fit our books.
    Suspicious,
    /// The provider's answer was lost; it is asked again.
    Unknown,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    payment_id: String,
    order_id: String,
    provider: Provider,
    kind: Kind,
    /// The payment's state after it.
    status: String,
    provider_id: Option<String>,
    charge: Option<String>,
    amount: Money,
    detail: String,
    at: u64,
}

/// Writes down what happened to a payment.
pub fn note(payment: &Payment, kind: Kind, detail: &str) -> Result<()> {
    let entry = Entry {
        payment_id: payment.id.clone(),
        order_id: payment.order_id.clone(),
        provider: payment.provider,
        kind,
        status: payment.status.word().into(),
        provider_id: payment.provider_id.clone(),
        charge: payment.charge.clone(),
        amount: payment.amount.clone(),
        detail: sentence(detail),
        at: clock::now_ms(),
    };
    TRANSACTIONS.create(&random::ulid(), &entry)?;
    Ok(())
}

/// Which entries.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransactionQuery {
    /// Of one payment.
    pub payment_id: Option<String>,
    /// Of one order.
    pub order_id: Option<String>,
    /// Of one kind.
    pub kind: Option<Kind>,
    /// At most 200; 20 if absent.
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// One thing that happened to a payment.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    pub id: String,
    pub payment_id: String,
    pub order_id: String,
    pub provider: Provider,
    pub kind: Kind,
    /// The payment's state after it.
    pub status: String,
    /// The provider's name for the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// The provider's name for what the money came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
    pub amount: Number,
    pub currency: String,
    pub detail: String,
    /// RFC 3339.
    pub at: String,
}

/// A page of what happened.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct TransactionList {
    pub items: Vec<Transaction>,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

pub fn list_transactions(Query(query): Query<TransactionQuery>) -> Result<Json<TransactionList>> {
    let window = Window::of(query.limit, None, query.cursor.as_deref())?;
    let of = |path: &str, value: Option<String>| value.map_or_else(any, |value| eq(path, value));
    let kind = query.kind.and_then(|kind| serde_json::to_value(kind).ok());
    let filter = of("paymentId", query.payment_id)
        .and(of("orderId", query.order_id))
        .and(kind.map_or_else(any, |kind| eq("kind", kind)));
    let asked = TRANSACTIONS.query().filter(filter);
    let page = window.page(asked.sort_desc("at").sort_desc("id"))?;
    Ok(Json(TransactionList {
        items: page.items.into_iter().map(shown).collect(),
        next_cursor: page.next_cursor,
    }))
}

fn shown(stored: Stored<Entry>) -> Transaction {
    let entry = stored.value;
    Transaction {
        id: stored.id,
        payment_id: entry.payment_id,
        order_id: entry.order_id,
        provider: entry.provider,
        kind: entry.kind,
        status: entry.status,
        provider_id: entry.provider_id,
        charge: entry.charge,
        amount: entry.amount.to_major_json(),
        currency: entry.amount.currency,
        detail: entry.detail,
        at: clock::rfc3339(entry.at),
    }
}
