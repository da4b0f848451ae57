//! The plugins that licences rest on, as this plugin's own tests imagine them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

thread_local! {
    static FILES: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static ORDERS: RefCell<Vec<crate::orders::Order>> = const { RefCell::new(Vec::new()) };
    static HANDED_OVER: RefCell<BTreeSet<(String, String)>> = const { RefCell::new(BTreeSet::new()) };
}

/// Orders and products that buyers have, as the orders were told.
pub fn handed_over() -> BTreeSet<(String, String)> {
    HANDED_OVER.with_borrow(Clone::clone)
}

/// Forgets all files and orders.
pub fn forget() {
    FILES.take();
    ORDERS.take();
    HANDED_OVER.take();
}

/// Gives a product a file.
pub fn file(product: &str, file: &str) {
    FILES.with_borrow_mut(|files| files.insert(product.into(), file.into()));
}

/// The id of the order that a payment is for.
pub fn order_of(payment: &str) -> String {
    format!("o-{payment}")
}

/// Lets the buyer `u1` order these and pay for them, unless they have.
pub fn paid(products: &[&str], payment: &str) {
    if orders::get(&order_of(payment)).is_ok() {
        return;
    }
    let line = |product: &&str| crate::orders::Line {
        product_id: (*product).into(),
        vendor_id: "v1".into(),
        name: "Thing".into(),
        quantity: 1,
        unit_price_minor: 100,
        net_minor: 100,
    };
    let order = crate::orders::Order {
        id: order_of(payment),
        number: "ORD-1".into(),
        buyer_id: "u1".into(),
        buyer_email: None,
        status: "processing".into(),
        payment_status: "paid".into(),
        currency: "USD".into(),
        subtotal_minor: 100,
        discount_minor: 0,
        shipping_minor: 0,
        tax_minor: 0,
        total_minor: 100,
        lines: products.iter().map(line).collect(),
        payment_id: Some(payment.into()),
        created_at_ms: 0,
    };
    ORDERS.with_borrow_mut(|orders| orders.push(order));
}

/// Gives the money of a payment back, or calls its order off.
pub fn taken_back(payment: &str, event: &str) {
    ORDERS.with_borrow_mut(|orders| {
        let mut orders = orders.iter_mut();
        if let Some(order) = orders.find(|order| order.id == order_of(payment)) {
            match event {
                "order.cancelled" => order.status = "cancelled".into(),
                _ => order.payment_status = "refunded".into(),
            }
        }
    });
}

pub mod catalog {
    pub use crate::catalog::{Error, Money, Product};

    /// `watch` has stock, `gone` is no longer on sale, everything else is a download.
    pub fn get_products(ids: &[String]) -> Result<Vec<Product>, Error> {
        let product = |id: &String| Product {
            id: id.clone(),
            name: "Thing".into(),
            price: Money {
                minor: 100,
                currency: "USD".into(),
            },
            stock: (id == "watch").then_some(3),
            vendor_id: "v1".into(),
            thumbnail: None,
            category: "things".into(),
            purchasable: true,
        };
        Ok(ids.iter().filter(|id| *id != "gone").map(product).collect())
    }
}

pub mod moderation {
    pub use crate::moderation::Error;

    pub fn file(id: &str) -> Result<Option<String>, Error> {
        if id == "missing" {
            return Err(Error::NotFound);
        }
        Ok(super::FILES.with_borrow(|files| files.get(id).cloned()))
    }
}

pub mod orders {
    pub use crate::orders::{Error, Order};

    pub fn get(id: &str) -> Result<Order, Error> {
        let all = super::ORDERS.with_borrow(Clone::clone);
        let found = all.into_iter().find(|order| order.id == id);
        found.ok_or(Error::NotFound)
    }

    pub fn handed_over(id: &str, product_id: &str) -> Result<(), Error> {
        get(id)?;
        let given = (id.to_owned(), product_id.to_owned());
        super::HANDED_OVER.with_borrow_mut(|all| all.insert(given));
        Ok(())
    }

    pub fn bought(buyer_id: &str, product_id: &str) -> Result<Option<Order>, Error> {
        let all = super::ORDERS.with_borrow(Clone::clone);
        Ok(all.into_iter().rev().find(|order| {
            let mut lines = order.lines.iter();
            let is_paid = order.payment_status == "paid" && order.status != "cancelled";
            is_paid && order.buyer_id == buyer_id && lines.any(|line| line.product_id == product_id)
        }))
    }
}
