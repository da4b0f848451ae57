//! The orders of these tests.

use std::cell::RefCell;

use crate::orders::{Choice, Error, Line, Order, Page, Total};

thread_local! {
    static ORDERS: RefCell<Vec<Order>> = const { RefCell::new(Vec::new()) };
}

/// Forgets all orders.
pub fn forget() {
    ORDERS.take();
}

/// Lets somebody order something for so many minor units.
pub fn order(buyer: &str, status: &str, total_minor: i64, currency: &str) {
    let line = Line {
        product_id: "p".into(),
        vendor_id: "v".into(),
        name: "Watch".into(),
        quantity: 1,
        unit_price_minor: total_minor,
        net_minor: total_minor,
    };
    ORDERS.with_borrow_mut(|orders| {
        let order = Order {
            id: format!("o{}", orders.len()),
            number: "ORD-20260101-000000".into(),
            buyer_id: buyer.into(),
            buyer_email: None,
            status: status.into(),
            payment_status: "pending".into(),
            currency: currency.into(),
            subtotal_minor: total_minor,
            discount_minor: 0,
            shipping_minor: 0,
            tax_minor: 0,
            total_minor,
            lines: vec![line],
            payment_id: None,
            created_at_ms: 0,
        };
        orders.insert(0, order);
    });
}

fn of(buyer: Option<&str>) -> Vec<Order> {
    let is_theirs = |order: &&Order| buyer.is_none_or(|buyer| order.buyer_id == buyer);
    ORDERS.with_borrow(|orders| orders.iter().filter(is_theirs).cloned().collect())
}

/// One row for each order: who adds up may not care.
pub fn totals(buyer: Option<&str>, _since_ms: Option<u64>) -> Result<Vec<Total>, Error> {
    let total = |order: Order| Total {
        status: order.status,
        currency: order.currency,
        orders: 1,
        total_minor: order.total_minor,
    };
    Ok(of(buyer).into_iter().map(total).collect())
}

pub fn list(choice: &Choice) -> Result<Page, Error> {
    let all = of(choice.buyer_id.as_deref());
    let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let page = all.into_iter().skip(choice.offset as usize);
    Ok(Page {
        orders: page.take(choice.limit as usize).collect(),
        total,
    })
}
