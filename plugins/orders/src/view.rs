//! What clients see of an order: the union of the fields that the shops' clients know.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::address::Address;
use crate::order::{Line, Mover, Order, PaymentMethod};
use crate::rights::Eyes;
use crate::status::{PaymentStatus, Status};

/// An order. Money is in major units, times are RFC 3339. A vendor among others sees its own lines, and the amounts are
/// those of these lines.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct OrderView {
    pub id: String,
    /// The same, as one shop's clients know it.
    pub order_id: String,
    /// For people, such as `ORD-20260131-8F3K2M`.
    pub order_number: String,
    /// The buyer.
    pub user_id: String,
    /// The same, as one shop's clients know it.
    pub user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub items: Vec<LineView>,
    /// Before discounts.
    pub subtotal: Number,
    pub discount: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_label: Option<String>,
    /// Not for vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_label: Option<String>,
    /// Not for vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<Number>,
    pub total: Number,
    /// What of the total has gone back. Not for vendors, whose earnings tell their part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded_amount: Option<Number>,
    /// ISO 4217 code.
    pub currency: String,
    pub status: Status,
    pub payment_status: PaymentStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<PaymentMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    /// The same, as one shop's clients know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_intent: Option<String>,
    /// Why the last payment failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_failure: Option<String>,
    /// What is known of its money, as one shop's clients know it. Not for vendors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<OrderPayment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<AddressView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<AddressView>,
    /// Who is billed, as one shop's clients know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Why it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it has been, oldest first.
    pub history: Vec<StepView>,
    pub created_at: String,
    pub updated_at: String,
    /// When it is cancelled unless it is paid before; absent once that can't happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

/// A product of an order, as it was sold.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    pub product_id: String,
    /// The same, as one shop's clients know it.
    pub product: String,
    /// The product's name.
    pub name: String,
    /// The same, as one shop's clients know it.
    pub product_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    pub vendor_id: String,
    /// Of one piece.
    pub price: Number,
    pub quantity: u32,
    /// Of all pieces.
    pub subtotal: Number,
    pub discount: Number,
    /// Less the discount.
    pub total: Number,
}

/// What is known of an order's money, as one shop's clients know it.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPayment {
    /// Absent while nobody has said whom it is paid through, and where there is nothing to pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<PaymentMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
    pub status: PaymentWord,
    pub amount: Number,
    /// ISO 4217 code.
    pub currency: String,
}

/// What is known of an order's money, in the words of those clients.
#[derive(Debug, Clone, Copy, Serialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentWord {
    /// Nothing came in.
    Pending,
    /// All of it came in.
    Completed,
    /// The last try failed; another may follow.
    Failed,
    /// It went back.
    Refunded,
}

/// An address, under the names that it is kept by and under those of one shop's clients.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct AddressView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Street and house.
    pub line1: String,
    /// The same.
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    pub city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// Who is billed, as one shop's clients know it.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct BillingView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The address's own, or else the buyer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub address: AddressView,
}

/// One step of an order's way.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct StepView {
    pub status: Status,
    pub by: Mover,
    pub at: String,
}

impl OrderView {
    /// What these eyes see of an order.
    pub fn of(id: String, order: Order, eyes: &Eyes) -> Self {
        let all = *eyes == Eyes::All;
        let is_seen = |line: &&Line| match eyes {
            Eyes::All => true,
            Eyes::Vendor(vendor) => line.vendor_id == *vendor,
        };
        let lines: Vec<&Line> = order.lines.iter().filter(is_seen).collect();
        let subtotal: i64 = lines.iter().map(|line| line.gross_minor()).sum();
        let net: i64 = lines.iter().map(|line| line.net_minor).sum();
        let major = |minor| Money::new(minor, order.currency.clone()).to_major_json();
        let billing = order.billing_address.clone().filter(|_| all);
        let expires_at = order.expires_at.filter(|_| order.is_unpaid());
        let steps = order.history.iter().map(|step| StepView {
            status: step.status,
            by: step.by,
            at: clock::rfc3339(step.at),
        });
        Self {
            order_id: id.clone(),
            id,
            items: lines
                .iter()
                .map(|line| LineView::of(line, &order.currency))
                .collect(),
            subtotal: major(subtotal),
            discount: major(subtotal - net),
            shipping: all.then(|| major(order.shipping_minor)),
            tax: all.then(|| major(order.tax_minor)),
            total: major(if all { order.total_minor } else { net }),
            refunded_amount: all.then(|| major(order.back_minor())),
            payment: all.then(|| OrderPayment::of(&order)),
            history: steps.collect(),
            created_at: clock::rfc3339(order.created_at),
            updated_at: clock::rfc3339(order.updated_at),
            expires_at: expires_at.map(clock::rfc3339),
            order_number: order.number,
            user: order.buyer_id.clone(),
            user_id: order.buyer_id,
            billing: billing.map(|address| BillingView::of(address, order.buyer_email.as_ref())),
            email: order.buyer_email.filter(|_| all),
            discount_code: order.discount_code.filter(|_| all),
            discount_label: order.discount_label.filter(|_| all),
            shipping_label: order.shipping_label,
            currency: order.currency,
            status: order.status,
            payment_status: order.payment_status,
            payment_method: order.payment_method.filter(|_| all),
            payment_intent: order.payment_id.clone().filter(|_| all),
            payment_id: order.payment_id.filter(|_| all),
            payment_failure: order.payment_failure.filter(|_| all),
            shipping_address: order.shipping_address.map(AddressView::of),
            billing_address: order.billing_address.filter(|_| all).map(AddressView::of),
            notes: order.notes,
            tracking_number: order.tracking_number,
            reason: order.reason,
        }
    }
}

impl LineView {
    fn of(line: &Line, currency: &str) -> Self {
        let major = |minor| Money::new(minor, currency).to_major_json();
        let gross = line.gross_minor();
        Self {
            product_id: line.product_id.clone(),
            product: line.product_id.clone(),
            name: line.name.clone(),
            product_name: line.name.clone(),
            thumbnail: line.thumbnail.clone(),
            vendor_id: line.vendor_id.clone(),
            price: major(line.unit_price_minor),
            quantity: line.quantity,
            subtotal: major(gross),
            discount: major(gross - line.net_minor),
            total: major(line.net_minor),
        }
    }
}

impl OrderPayment {
    fn of(order: &Order) -> Self {
        Self {
            provider: order.payment_method.filter(|_| !order.is_free()),
            payment_id: order.payment_id.clone(),
            status: PaymentWord::of(order.payment_status),
            amount: Money::new(order.total_minor, order.currency.clone()).to_major_json(),
            currency: order.currency.clone(),
        }
    }
}

impl PaymentWord {
    const fn of(status: PaymentStatus) -> Self {
        match status {
            PaymentStatus::Pending => Self::Pending,
            PaymentStatus::Paid => Self::Completed,
            PaymentStatus::Failed => Self::Failed,
            PaymentStatus::Refunded => Self::Refunded,
        }
    }
}

impl BillingView {
    fn of(address: Address, buyer_email: Option<&String>) -> Self {
        Self {
            first_name: address.first_name.clone(),
            last_name: address.last_name.clone(),
            email: address.email.as_ref().or(buyer_email).cloned(),
            address: AddressView::of(address),
        }
    }
}

impl AddressView {
    fn of(address: Address) -> Self {
        Self {
            name: address.name,
            first_name: address.first_name,
            last_name: address.last_name,
            email: address.email,
            phone: address.phone,
            address: address.line1.clone(),
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            region: address.region,
            zip: address.postal_code.clone(),
            postal_code: address.postal_code,
            country: address.country,
        }
    }
}
