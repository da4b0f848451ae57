//! What a provider says of a payment, whichever provider and by whichever way.

/// What became of it, as of some time that may be long past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Nothing that matters here.
    Nothing,
    /// The buyer has to prove who they are.
    RequiresAction,
    /// The provider is at it.
    Processing,
    /// The money is reserved under this charge and has to be fetched.
    Authorized(String),
    /// The money came in, by this charge.
    Succeeded(Option<String>),
    /// A try was declined, for this reason.
    Failed(String),
    /// It was given up.
    Canceled,
    /// So much of a charge has gone back so far, in the provider's units.
    Refunded { charge: Option<String>, units: i64 },
    /// A refund did not reach the buyer.
    RefundFailed(String),
}

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The intent, or the order of Razorpay's.
    pub provider_id: String,
    /// The payment's id, as it was given along; none where the provider does not repeat it.
    pub payment_id: Option<String>,
    /// The order's id, likewise.
    pub order_id: Option<String>,
    /// What is paid for by it in all, in the provider's units, and the currency.
    pub amount: Option<(i64, String)>,
    pub what: What,
}
