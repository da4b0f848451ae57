//! The plugins that licences rest on, as this plugin's own tests imagine them.

use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static FILES: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static PAID: RefCell<Option<crate::orders::Order>> = const { RefCell::new(None) };
}

/// Gives a product a file.
pub fn file(product: &str, file: &str) {
    FILES.with_borrow_mut(|files| files.insert(product.into(), file.into()));
}

/// Makes this the order that the buyer `u1` has paid.
pub fn paid(product: &str, payment: &str) {
    let line = crate::orders::Line {
        product_id: product.into(),
        vendor_id: "v1".into(),
        name: "Thing".into(),
        quantity: 1,
        unit_price_minor: 100,
        net_minor: 100,
    };
    let order = crate::orders::Order {
        id: "o1".into(),
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
        lines: vec![line],
        payment_id: Some(payment.into()),
        created_at_ms: 0,
    };
    PAID.set(Some(order));
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

    pub fn bought(buyer_id: &str, product_id: &str) -> Result<Option<Order>, Error> {
        let paid = super::PAID.with_borrow(Clone::clone);
        Ok(paid.filter(|order| {
            let mut lines = order.lines.iter();
            order.buyer_id == buyer_id && lines.any(|line| line.product_id == product_id)
        }))
    }
}
