//! The words. One function per kind of event.

use serde::Deserialize;
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::kind::Kind;
use crate::notice::{Message, one_line, site_name};
use crate::texts::verification::CODE_MS;

/// Lines of an order that a letter shows; an order may have more.
const LINES_MAX: usize = 50;

/// Characters of a text message at most: one message, where all of them are GSM 03.38's. Others make it two or three;
/// the service would take 1,600.
const SHORT_CHARS_MAX: usize = 160;

/// Characters of the shop's name, and of an order's number, in a text message, so that the rest fits.
const NAME_CHARS_MAX: usize = 40;

/// What the host tells of a person.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    pub user_id: String,
    #[serde(default)]
    name: String,
}

/// What orders and payments tell.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub buyer_id: String,
    order_id: String,
    #[serde(default)]
    number: Option<String>,
    currency: String,
    #[serde(alias = "amountMinor")]
    total_minor: i64,
    /// What went back by this, where something did.
    #[serde(default)]
    refunded_minor: Option<i64>,
    /// What went back in all, with it.
    #[serde(default)]
    total_refunded_minor: Option<i64>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: String,
    quantity: u32,
    net_minor: i64,
}

/// What payments tell when no money came.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    pub buyer_id: String,
    #[serde(default)]
    reason: String,
}

/// What the catalogue tells of a decision.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub vendor_id: String,
    name: String,
    #[serde(default)]
    reason: Option<String>,
}

/// What the vendors tell of a decision.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vendor {
    pub vendor_id: String,
    name: String,
    #[serde(default)]
    reason: Option<String>,
}

/// What the vendors tell of a payout.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payout {
    pub vendor_id: String,
    currency: String,
    amount_minor: i64,
}

/// What the downloads tell of a licence.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Licence {
    pub buyer_id: String,
    product_name: String,
}

impl Person {
    /// Somebody joined, or verified an address.
    pub fn message(&self, event: &str) -> Message {
        let greeting = match self.name.trim() {
            "" => "Hello,".to_string(),
            name => format!("Hello {name},"),
        };
        match event {
            "user.verified" => Message::new(
                Kind::AddressVerified,
                "Your address is verified",
                &[greeting, "thank you: your address is verified.".into()],
            ),
            _ => {
                let text = "your account is ready. Have a look around!";
                let title = format!("Welcome to {}", site_name());
                Message::new(Kind::Welcome, title, &[greeting, text.into()])
            }
        }
    }
}

impl Order {
    /// An order was placed, paid or cancelled, or its money went back, in part or all of it.
    pub fn message(&self, event: &str) -> Message {
        let number = self.number.as_deref().unwrap_or(&self.order_id);
        let total = amount(self.total_minor, &self.currency);
        let (kind, title, text) = match event {
            "order.cancelled" => (
                Kind::OrderCancelled,
                format!("Your order {number} is cancelled"),
                "Your order is cancelled. What you have paid goes back to you.".to_string(),
            ),
            "payment.success" => (
                Kind::Receipt,
                format!("Receipt for order {number}"),
                match self.total_minor {
                    0 => "Thank you: there is nothing to pay.".to_string(),
                    _ => format!("Thank you: we have received {total}."),
                },
            ),
            "payment.partially-refunded" | "payment.refunded" => (
                Kind::Refund,
                format!("Refund for order {number}"),
                self.sent_back(),
            ),
            _ => (
                Kind::OrderPlaced,
                format!("Your order {number}"),
                format!("Thank you for your order of {total}. These are its parts:"),
            ),
        };
        let is_new = kind == Kind::OrderPlaced;
        let short = is_new.then(|| order_text(number, &total));
        Message::new(kind, title, &[text, self.table()]).in_short(short)
    }

    /// How much was sent back, and, unless that was all at once, of how much.
    fn sent_back(&self) -> String {
        let total = self.total_minor;
        let by_this = self.refunded_minor.unwrap_or(total);
        let in_all = self.total_refunded_minor.unwrap_or(total);
        let amount = |minor| amount(minor, &self.currency);
        let (sent, paid) = (amount(by_this), amount(total));
        if by_this == total {
            return format!("We have sent {sent} back to you.");
        }
        let part = format!("We have sent {sent} of the {paid} that you paid back to you.");
        match in_all {
            all if all == total => format!("{part} With that, all of it is back."),
            all if all == by_this => part,
            all => format!("{part} With that, {} are back.", amount(all)),
        }
    }

    fn table(&self) -> String {
        let line = |line: &Line| {
            let net = amount(line.net_minor, &self.currency);
            format!("{} × {}: {net}", line.quantity, line.name)
        };
        let mut lines: Vec<String> = self.lines.iter().take(LINES_MAX).map(line).collect();
        if self.lines.len() > LINES_MAX {
            lines.push(format!("and {} more", self.lines.len() - LINES_MAX));
        }
        lines.join("\n")
    }
}

impl Failure {
    /// No money came.
    pub fn message(&self) -> Message {
        let text = match self.reason.as_str() {
            "" => "Your payment did not go through.".to_string(),
            reason => format!("Your payment did not go through: {reason}."),
        };
        let advice = "Nothing was charged. You can try again with another method.";
        let title = "Your payment did not go through";
        Message::new(Kind::PaymentFailed, title, &[text, advice.into()])
    }
}

impl Product {
    /// It was decided on.
    pub fn message(&self, event: &str) -> Message {
        let name = &self.name;
        match event {
            "product.rejected" => decision(
                Kind::ProductRejected,
                format!("{name} was not accepted"),
                format!("Your product {name} is not on sale."),
                self.reason.as_deref(),
            ),
            _ => Message::new(
                Kind::ProductApproved,
                format!("{name} is on sale"),
                &[format!("Your product {name} is on sale now.")],
            ),
        }
    }
}

impl Vendor {
    /// It was decided on.
    pub fn message(&self, event: &str) -> Message {
        let name = &self.name;
        match event {
            "vendor.rejected" => decision(
                Kind::VendorRejected,
                format!("{name} was not accepted"),
                format!("You can't sell as {name} for now."),
                self.reason.as_deref(),
            ),
            _ => Message::new(
                Kind::VendorApproved,
                format!("{name} may sell"),
                &[format!(
                    "You may sell as {name} now. Sign in again to begin."
                )],
            ),
        }
    }
}

impl Payout {
    /// It was decided on.
    pub fn message(&self, event: &str) -> Message {
        let amount = amount(self.amount_minor, &self.currency);
        let (kind, title, text) = match event {
            "payout.rejected" => (
                Kind::PayoutRejected,
                "Your payout was rejected",
                format!("Your payout of {amount} was rejected; the amount is available again."),
            ),
            _ => (
                Kind::PayoutPaid,
                "Your payout is on its way",
                format!("{amount} are on their way to you."),
            ),
        };
        Message::new(kind, title, &[text])
    }
}

impl Licence {
    /// It was issued. The key itself is shown to who signs in, not sent around.
    pub fn message(&self) -> Message {
        let name = &self.product_name;
        let text =
            format!("{name} is ready to download, and its licence key waits in your account.");
        Message::new(Kind::LicenceIssued, format!("{name} is ready"), &[text])
    }
}

fn decision(kind: Kind, title: String, text: String, reason: Option<&str>) -> Message {
    let reason = reason.map(|reason| format!("The reason: {reason}"));
    let paragraphs: Vec<String> = std::iter::once(text).chain(reason).collect();
    Message::new(kind, title, &paragraphs)
}

fn order_text(number: &str, total: &str) -> String {
    let (number, shop) = (cut(number, NAME_CHARS_MAX), shop());
    short(&format!(
        "Thank you for your order {number} of {total}. {shop}"
    ))
}

/// The first text to a number, as soon as it may get any.
pub fn welcome_text() -> String {
    let shop = shop();
    short(&format!(
        "Welcome to {shop}! News of your orders come here. To end that, change your notifications."
    ))
}

/// A code. It stands in front, where a locked phone shows it.
pub fn code_text(digits: &str) -> String {
    let (shop, minutes) = (shop(), CODE_MS / 60_000);
    short(&format!(
        "{digits} is your code for {shop}. It is good for {minutes} minutes; tell it to nobody."
    ))
}

/// A text message: one line within the bound. Names in it are other people's.
fn short(text: &str) -> String {
    cut(&one_line(text), SHORT_CHARS_MAX)
}

fn shop() -> String {
    cut(&site_name(), NAME_CHARS_MAX)
}

fn amount(minor: i64, currency: &str) -> String {
    let amount = Money::new(minor, currency).to_major_json();
    let decimals = stoa_guest::decimals(currency) as usize;
    format!("{:.decimals$} {currency}", amount.as_f64().unwrap_or(0.0))
}
