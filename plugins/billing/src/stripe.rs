//! Stripe's objects and requests, as far as they are needed here.

use std::collections::BTreeMap;

use serde::Deserialize;
use stoa_guest::outbound::{self, Method, Outgoing, Reply, id};

use crate::subscription::{Standing, What};

/// The version of the API that these shapes are of; else it would be the account's.
const VERSION: &str = "2024-06-20";

/// A page on which a plan is paid for.
#[derive(Debug, Deserialize)]
pub struct Session {
    pub id: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: Option<String>,
    pub url: Option<String>,
    #[serde(default)]
    pub expires_at: u64,
    pub client_reference_id: Option<String>,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    pub id: String,
    pub status: String,
    pub customer: Option<String>,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    #[serde(default)]
    pub items: Items,
}

#[derive(Debug, Default, Deserialize)]
pub struct Items {
    #[serde(default)]
    data: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    price: Price,
}

#[derive(Debug, Deserialize)]
struct Price {
    id: String,
}

/// An invoice, whose subscription stands in another place since the versions of 2025.
#[derive(Debug, Deserialize)]
pub struct Invoice {
    subscription: Option<String>,
    subscription_details: Option<Details>,
    parent: Option<Parent>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    subscription_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    subscription: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl Subscription {
    /// How it stands.
    pub fn what(&self) -> What {
        let standing = match self.status.as_str() {
            "active" | "trialing" => Standing::Active,
            "past_due" => Standing::PastDue,
            "canceled" | "incomplete_expired" => return What::Ended,
            "incomplete" => Standing::Waiting,
            // `unpaid`, `paused`, and what is not known yet.
            _ => Standing::Stopped,
        };
        let price = self.items.data.first();
        What::Stands {
            standing,
            price: price.map(|item| item.price.id.clone()),
            plan: self.metadata.get("plan").cloned(),
        }
    }
}

impl Session {
    /// Whether it is paid, or there was nothing to pay.
    pub fn is_paid(&self) -> bool {
        self.payment_status.as_deref() != Some("unpaid")
    }
}

impl Invoice {
    /// The subscription that it is for.
    pub fn subscription(&self) -> Option<&str> {
        let details = self
            .details()
            .and_then(|details| details.subscription.as_deref());
        self.subscription.as_deref().or(details)
    }

    /// What was given along with the subscription.
    pub fn account(&self) -> Option<&str> {
        let metadata = &self.details()?.metadata;
        metadata.get("account").map(String::as_str)
    }

    fn details(&self) -> Option<&Details> {
        let of_parent = self.parent.as_ref();
        let of_parent = of_parent.and_then(|parent| parent.subscription_details.as_ref());
        self.subscription_details.as_ref().or(of_parent)
    }
}

fn request(method: Method, path: &str) -> Outgoing {
    outbound::request("stripe", method, path).header("stripe-version", VERSION)
}

/// What a page is to be for.
pub struct NewSession<'a> {
    pub account: &'a str,
    pub number: u32,
    pub customer: Option<&'a str>,
    pub email: Option<&'a str>,
    pub plan: &'a str,
    pub price: &'a str,
    pub success_url: &'a str,
    pub cancel_url: &'a str,
}

/// A new page on which a plan can be paid for.
pub fn begin(new: &NewSession) -> Reply<Session> {
    let who = match (new.customer, new.email) {
        (Some(customer), _) => Some(("customer", customer)),
        (None, Some(email)) => Some(("customer_email", email)),
        (None, None) => None,
    };
    let fields = [
        ("mode", "subscription"),
        ("line_items[0][price]", new.price),
        ("line_items[0][quantity]", "1"),
        ("success_url", new.success_url),
        ("cancel_url", new.cancel_url),
        ("client_reference_id", new.account),
        ("metadata[account]", new.account),
        ("metadata[plan]", new.plan),
        ("subscription_data[metadata][account]", new.account),
        ("subscription_data[metadata][plan]", new.plan),
    ];
    request(Method::Post, "/v1/checkout/sessions")
        .form(fields.into_iter().chain(who))
        .purpose(&format!("checkout-{}", new.number))
        .ask()
}

/// A page as it is now.
pub fn session(session: &str) -> Reply<Session> {
    let path = format!("/v1/checkout/sessions/{}", id(session)?);
    request(Method::Get, &path).ask()
}

/// Closes a page, so that nobody pays on it any more.
pub fn close(session: &str) -> Reply<Session> {
    let path = format!("/v1/checkout/sessions/{}/expire", id(session)?);
    request(Method::Post, &path).purpose("close").ask()
}

/// Where a customer changes or ends a subscription.
pub fn portal(customer: &str, return_url: &str) -> Reply<Session> {
    request(Method::Post, "/v1/billing_portal/sessions")
        .form([("customer", customer), ("return_url", return_url)])
        .purpose("portal")
        .ask()
}

/// A subscription as it is now.
pub fn subscription(subscription: &str) -> Reply<Subscription> {
    let path = format!("/v1/subscriptions/{}", id(subscription)?);
    request(Method::Get, &path).ask()
}
