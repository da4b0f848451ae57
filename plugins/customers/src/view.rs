//! What administrators see, in the words of the watch shop. Money is in major units, times are RFC 3339.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::customer::Customer;
use crate::orders::{Line, Order};
use crate::tier::Tier;

/// A customer.
#[derive(Debug, Serialize, Schema)]
pub struct CustomerView {
    pub id: String,
    /// Whose orders are the customer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    /// What an administrator has said, else the same as `vip_tier`.
    pub tier: String,
    /// What all orders cost that were neither cancelled nor refunded, less what went back of it. In a list, as of the last
    /// order.
    pub total_spent: Number,
    /// ISO 4217 code.
    pub currency: String,
    /// By `total_spent`: Gold over 10,000, Silver over 5,000, else Bronze.
    pub vip_tier: Tier,
    pub created_at: String,
    pub updated_at: String,
}

/// A page of customers.
#[derive(Debug, Serialize, Schema)]
pub struct CustomerList {
    pub items: Vec<CustomerView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
}

/// An order of a customer.
#[derive(Debug, Serialize, Schema)]
pub struct OrderView {
    pub id: String,
    /// For people.
    pub order_number: String,
    pub status: String,
    pub payment_status: String,
    pub total: Number,
    /// ISO 4217 code.
    pub currency: String,
    pub items: Vec<ItemView>,
    pub created_at: String,
}

/// A product of an order.
#[derive(Debug, Serialize, Schema)]
pub struct ItemView {
    pub product_id: String,
    pub name: String,
    pub quantity: u32,
    /// Of one piece.
    pub price: Number,
}

/// A page of orders.
#[derive(Debug, Serialize, Schema)]
pub struct OrderList {
    pub items: Vec<OrderView>,
    /// All, on every page.
    pub total: u32,
    pub limit: u32,
    pub offset: u32,
}

impl CustomerView {
    /// What an administrator sees of a customer.
    pub fn of(id: String, customer: Customer) -> Self {
        Self {
            id,
            vip_tier: customer.earned_tier(),
            total_spent: Money::new(customer.spent_minor, customer.currency.clone())
                .to_major_json(),
            account_id: customer.account_id,
            email: customer.email,
            name: customer.name,
            phone: customer.phone,
            address: customer.address,
            tier: customer.assigned_tier.unwrap_or(customer.tier),
            currency: customer.currency,
            created_at: clock::rfc3339(customer.created_at),
            updated_at: clock::rfc3339(customer.updated_at),
        }
    }
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        let major = |minor| Money::new(minor, order.currency.clone()).to_major_json();
        let item = |line: Line| ItemView {
            product_id: line.product_id,
            name: line.name,
            quantity: line.quantity,
            price: major(line.unit_price_minor),
        };
        Self {
            id: order.id,
            order_number: order.number,
            status: order.status,
            payment_status: order.payment_status,
            total: major(order.total_minor),
            items: order.lines.into_iter().map(item).collect(),
            created_at: clock::rfc3339(order.created_at_ms),
            currency: order.currency.clone(),
        }
    }
}
