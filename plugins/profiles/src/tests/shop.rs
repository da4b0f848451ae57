//! The plugins that people's pages rest on, as this plugin's own tests imagine them.

pub mod catalog {
    pub use crate::catalog::{Error, Money, Product};

    /// Products whose ids begin with `p` are on sale; `p-out` is sold out.
    pub fn get_products(ids: &[String]) -> Result<Vec<Product>, Error> {
        let product = |id: &String| Product {
            id: id.clone(),
            name: format!("The {id}"),
            price: Money {
                minor: 1_250,
                currency: "USD".into(),
            },
            stock: None,
            vendor_id: "v1".into(),
            thumbnail: None,
            category: "things".into(),
            purchasable: id != "p-out",
        };
        Ok(ids
            .iter()
            .filter(|id| id.starts_with('p'))
            .map(product)
            .collect())
    }
}

pub mod orders {
    pub use crate::orders::{Choice, Error, Order, Page, Total};

    pub fn totals(_buyer: Option<&str>, _since: Option<u64>) -> Result<Vec<Total>, Error> {
        let total = |(status, orders, total_minor): (&str, u32, i64)| Total {
            status: status.into(),
            currency: "USD".into(),
            orders,
            total_minor,
        };
        let rows = [
            ("completed", 2, 5_050),
            ("cancelled", 1, 9_999),
            ("pending", 1, 700),
        ];
        Ok(rows.map(total).into())
    }

    pub fn list(choice: &Choice) -> Result<Page, Error> {
        let order = Order {
            id: "o1".into(),
            number: "ORD-1".into(),
            buyer_id: choice.buyer_id.clone().unwrap_or_default(),
            buyer_email: None,
            status: "completed".into(),
            payment_status: "paid".into(),
            currency: "USD".into(),
            subtotal_minor: 5_050,
            discount_minor: 0,
            shipping_minor: 0,
            tax_minor: 0,
            total_minor: 5_050,
            lines: Vec::new(),
            payment_id: None,
            created_at_ms: 0,
        };
        let orders = vec![order];
        Ok(Page { orders, total: 3 })
    }
}

pub mod vendors {
    pub use crate::vendors::{Error, Vendor};

    /// Vendors whose ids begin with `v` have registered.
    pub fn get(id: &str) -> Result<Vendor, Error> {
        if !id.starts_with('v') {
            return Err(Error::NotFound);
        }
        Ok(Vendor {
            id: id.into(),
            name: "Shop".into(),
            email: None,
            status: "approved".into(),
            reason: None,
            created_at_ms: 0,
        })
    }
}

pub mod moderation {
    pub use crate::moderation::{Choice, Error, Page};

    /// The `house` sells something, and something of the `cellar` is not on sale yet.
    pub fn list(choice: &Choice) -> Result<Page, Error> {
        let is_there = match choice.vendor_id.as_deref() {
            Some("house") => true,
            Some("cellar") => choice.status.as_deref() != Some("active"),
            _ => false,
        };
        Ok(Page {
            listings: Vec::new(),
            total: is_there.into(),
        })
    }
}

pub mod downloads {
    pub use crate::downloads::{Error, Licence};

    pub fn of_buyer(_buyer: &str, _limit: u32) -> Result<Vec<Licence>, Error> {
        Ok(vec![Licence {
            product_id: "p1".into(),
            product_name: "Tool".into(),
            order_id: "o1".into(),
            key: "KEY".into(),
            issued_at_ms: 0,
            downloads: 1,
        }])
    }
}
