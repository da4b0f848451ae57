//! The orders of this plugin's own tests. They keep to the interface's rules about money.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::orders::{Error, Line, Order, Settled};

thread_local! {
    static ORDERS: RefCell<BTreeMap<String, Order>> = const { RefCell::new(BTreeMap::new()) };
    static METHODS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static PARTS: RefCell<Vec<i64>> = const { RefCell::new(Vec::new()) };
}

/// An order of two things, to be paid.
pub fn order(id: &str, buyer_id: &str, total_minor: i64, currency: &str) -> Order {
    let line = |product: &str, net_minor| Line {
        product_id: product.into(),
        vendor_id: "v1".into(),
        name: product.to_uppercase(),
        quantity: 1,
        unit_price_minor: net_minor,
        net_minor,
    };
    Order {
        id: id.into(),
        number: format!("ORD-{id}"),
        buyer_id: buyer_id.into(),
        buyer_email: Some(format!("{buyer_id}@example.com")),
        status: "pending".into(),
        payment_status: "pending".into(),
        currency: currency.into(),
        subtotal_minor: total_minor,
        discount_minor: 0,
        shipping_minor: 0,
        tax_minor: 0,
        total_minor,
        lines: vec![line("watch", total_minor - 1), line("strap", 1)],
        payment_id: None,
        created_at_ms: 0,
    }
}

/// Makes these the orders that there are.
pub fn place(orders: &[Order]) {
    METHODS.take();
    ORDERS.with_borrow_mut(|present| {
        *present = orders
            .iter()
            .map(|order| (order.id.clone(), order.clone()))
            .collect();
    });
}

/// Lets an order say whom it is to be paid through.
pub fn choose(id: &str, method: &str) {
    METHODS.with_borrow_mut(|methods| methods.insert(id.into(), method.into()));
}

/// Lets somebody cancel an order.
pub fn cancel(id: &str) {
    let _ = change(id, |order| order.status = "cancelled".into());
}

/// Orders are found by their number as well.
fn change<T>(id: &str, act: impl FnOnce(&mut Order) -> T) -> Result<T, Error> {
    let id = id.strip_prefix("ORD-").unwrap_or(id);
    ORDERS.with_borrow_mut(|orders| orders.get_mut(id).map(act).ok_or(Error::NotFound))
}

pub fn get(id: &str) -> Result<Order, Error> {
    change(id, |order| order.clone())
}

pub fn payment_method(id: &str) -> Result<Option<String>, Error> {
    let order = get(id)?;
    Ok(METHODS.with_borrow(|methods| methods.get(&order.id).cloned()))
}

pub fn settle_through(
    id: &str,
    payment_id: &str,
    provider: &str,
    amount_minor: i64,
    currency: &str,
) -> Result<Settled, Error> {
    change(id, |order| {
        let was_paid = order.payment_id.is_some();
        if order.payment_id.as_deref() == Some(payment_id) {
            return Ok(Settled::Already);
        }
        if was_paid || matches!(order.status.as_str(), "cancelled" | "refunded") {
            return Ok(Settled::Refused);
        }
        if (order.total_minor, order.currency.as_str()) != (amount_minor, currency) {
            return Err(Error::AmountDiffers);
        }
        choose(&order.id, provider);
        order.status = "processing".into();
        order.payment_status = "paid".into();
        order.payment_id = Some(payment_id.into());
        Ok(Settled::Paid)
    })?
}

pub fn payment_failed(id: &str, _payment_id: &str, _reason: &str) -> Result<(), Error> {
    change(id, |order| {
        if order.payment_status == "pending" && order.status != "cancelled" {
            order.payment_status = "failed".into();
        }
    })
}

pub fn refunded_part(id: &str, payment_id: &str, refunded_minor: i64) -> Result<(), Error> {
    change(id, |order| {
        if order.payment_id.as_deref() == Some(payment_id) {
            PARTS.with_borrow_mut(|parts| parts.push(refunded_minor));
        }
    })
}

/// What was told to have gone back in parts, each time in all.
pub fn parts() -> Vec<i64> {
    PARTS.take()
}

pub fn refunded(id: &str, payment_id: &str) -> Result<(), Error> {
    change(id, |order| {
        if order.payment_id.as_deref() != Some(payment_id) {
            return;
        }
        if order.status != "cancelled" {
            order.status = "refunded".into();
        }
        order.payment_status = "refunded".into();
    })
}
