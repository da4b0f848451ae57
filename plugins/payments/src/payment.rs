//! A payment as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// All payments.
pub const PAYMENTS: Collection<Payment> = Collection::new("payments");

/// Payments that one order may have with one provider, one after the other: who begins more is no buyer.
pub const ATTEMPTS_MAX: u32 = 20;

const MINUTE_MS: u64 = 60_000;
/// The longest between two questions about a payment that nobody finishes.
const CHECK_MS_MAX: u64 = 6 * 60 * MINUTE_MS;
/// What is not paid by then is given up: buyers do not come back after a week.
pub const ABANDONED_MS: u64 = 7 * 24 * 60 * MINUTE_MS;

/// Who charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Its payment intents.
    Stripe,
    /// Its orders, and the payments made for them.
    Razorpay,
}

impl Provider {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Razorpay => "razorpay",
        }
    }

    /// The provider that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Stripe, Self::Razorpay];
        all.into_iter().find(|provider| provider.word() == word)
    }
}

/// How far a payment is. The order is the direction: a payment takes a state only from an earlier one.
///
/// `failed` comes before `succeeded`, as with both providers a buyer whose card was declined may try another one for
/// the same payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for the buyer.
    Created,
    /// Waits for the buyer to prove who they are.
    RequiresAction,
    /// With the provider; or nobody knows yet.
    Processing,
    /// The last try was declined.
    Failed,
    /// Given up. Nothing was charged.
    Canceled,
    /// The money came in.
    Succeeded,
    /// All of it went back.
    Refunded,
}

impl Status {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Succeeded => "succeeded",
            Self::Refunded => "refunded",
        }
    }
}

/// What the order said to the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Settled {
    /// It is paid by it.
    Paid,
    /// It can't take it.
    Refused,
}

/// How far giving the money back is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refund {
    /// It is to be asked for.
    Due,
    /// The provider is at it.
    Requested,
    /// The provider could not; somebody has to look.
    Failed,
    /// The buyer has it.
    Done,
}

/// A payment. Its id says what it is for, so that one order has one payment at a time with one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    pub id: String,
    pub order_id: String,
    pub number: String,
    pub buyer_id: String,
    pub buyer_email: Option<String>,
    pub provider: Provider,
    /// Stripe's payment intent, Razorpay's order; none while nobody knows whether there is one.
    pub provider_id: Option<String>,
    /// Stripe's charge, Razorpay's payment: what the money came by.
    pub charge: Option<String>,
    pub amount: Money,
    pub status: Status,
    /// Why the last try was declined.
    pub reason: Option<String>,
    pub settled: Option<Settled>,
    pub refund: Option<Refund>,
    /// What has gone back, in minor units.
    pub refunded_minor: i64,
    /// The money came in, but the order does not know it: somebody has to look.
    pub is_held: bool,
    /// Milliseconds since 1970, as all times here.
    pub created_at: u64,
    pub updated_at: u64,
    /// When the provider is to be asked if it has told nothing; none once there is nothing to wait for.
    pub check_at: Option<u64>,
}

impl Payment {
    /// The id of an order's payment with a provider.
    pub fn id_of(order_id: &str, provider: Provider, attempt: u32) -> String {
        format!("{order_id}-{}-{attempt}", provider.word())
    }

    /// What has gone back.
    pub fn refunded(&self) -> Money {
        Money::new(self.refunded_minor, self.amount.currency.clone())
    }

    /// Keeps it.
    pub fn save(&mut self) -> Result<()> {
        let now = clock::now_ms();
        self.updated_at = now;
        self.check_at = self.next_check(now);
        PAYMENTS.put(&self.id, self)?;
        Ok(())
    }

    /// Takes a state that is further on; false if it is not.
    pub fn reach(&mut self, status: Status) -> bool {
        let is_further = status > self.status;
        if is_further {
            self.status = status;
        }
        is_further
    }

    /// The less anybody does about a payment, the rarer it is asked after.
    fn next_check(&self, now: u64) -> Option<u64> {
        // One that is still due has been asked for in vain so far.
        let goes_back = matches!(self.refund, Some(Refund::Due | Refund::Requested));
        if goes_back && self.status < Status::Refunded {
            return Some(now.saturating_add(patience_ms()));
        }
        if self.is_held || self.status >= Status::Canceled {
            return None;
        }
        if self.provider_id.is_none() {
            return Some(now.saturating_add(MINUTE_MS));
        }
        let age = now.saturating_sub(self.created_at);
        let wait = age.clamp(patience_ms(), CHECK_MS_MAX.max(patience_ms()));
        Some(now.saturating_add(wait))
    }
}

/// How long news is waited for.
pub fn patience_ms() -> u64 {
    let minutes = settings::get("reconcile_after_minutes").unwrap_or(10_u64);
    minutes.clamp(1, 1_440) * MINUTE_MS
}

/// The payment that a provider calls so.
pub fn by_provider_id(provider: Provider, provider_id: &str) -> Result<Option<Payment>> {
    let is_it = eq("provider", provider.word()).and(eq("providerId", provider_id));
    let page = PAYMENTS.query().filter(is_it).limit(1).run()?;
    Ok(page.items.into_iter().next().map(|stored| stored.value))
}

/// All payments of an order.
pub fn of_order(order_id: &str) -> Result<Vec<Payment>> {
    let limit = ATTEMPTS_MAX * 2;
    let page = PAYMENTS
        .query()
        .filter(eq("orderId", order_id))
        .limit(limit)
        .run()?;
    Ok(page.items.into_iter().map(|stored| stored.value).collect())
}
