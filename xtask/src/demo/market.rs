//! The market of the demo data comes to life: its people buy from its vendors, so that everybody's pages show figures.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Person, Walk, say, text};
use crate::client;

/// Who buys what, in the words of `config/demo`.
const PURCHASES: [(&str, &[(&str, u32)]); 6] = [
    ("hanna", &[("inbox-steward", 1), ("ledger-hawk", 1)]),
    ("jonas", &[("campaign-pilot", 1), ("csv-doctor", 1)]),
    ("leila", &[("schema-diff", 2), ("tone-meter", 1)]),
    ("mira", &[("first-answer", 1), ("number-cruncher", 1)]),
    ("noor", &[("inbox-steward", 1), ("review-buddy", 1)]),
    ("oskar", &[("prod_007", 1)]),
];

/// Watches are sent; whose order is shipped in the end.
const SHIPPED_TO: &str = "oskar";

impl Walk {
    /// Nothing on a host that has not loaded the demo data.
    pub(super) fn market_sells(&self) -> Result<()> {
        println!("\nthe market");
        let has_demo = client::is_ok(self.host, "/api/products/inbox-steward");
        if !has_demo {
            println!("  this host has no demo data");
            return Ok(());
        }
        for (name, products) in PURCHASES {
            let buyer = self.of_demo(name)?;
            let items: Vec<Value> = products
                .iter()
                .map(|(id, quantity)| json!({ "productId": id, "quantity": quantity }))
                .collect();
            let order = self.post("/api/orders", &buyer.token, &json!({ "items": items }))?;
            println!();
            say(name, &order, &["orderNumber", "total", "currency"]);
            self.buyer_pays(&buyer, &order)?;
            if name == SHIPPED_TO {
                self.admin_ships(&order)?;
            }
        }
        Ok(())
    }

    fn admin_ships(&self, order: &Value) -> Result<()> {
        let path = format!("/api/orders/{}/status", text(order, "id")?);
        let parcel = json!({ "status": "shipped", "trackingNumber": "DEMO-1" }).to_string();
        let body = Some(("application/json", parcel));
        let answer = client::send(self.host, "PUT", &path, Some(&self.admin), body)?;
        let seen = answer.json().with_context(|| format!("PUT {path}"))?;
        say(
            "an administrator ships",
            &seen,
            &["status", "trackingNumber"],
        );
        Ok(())
    }

    /// Somebody of the demo data, who has no password: a host for developers lets them in.
    fn of_demo(&self, name: &str) -> Result<Person> {
        let (id, email) = (format!("demo-user-{name}"), format!("{name}@demo.example"));
        let told = json!({ "userId": id, "email": email, "role": "user" });
        let token = client::post(self.host, "/auth/token", None, &told)?.json()?;
        let token = text(&token, "token")?;
        Ok(Person { id, email, token })
    }
}
