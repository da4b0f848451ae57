//! One checkout in this process, from an empty cart to the vendor's money, by a buyer who does not give up: whatever
//! fails is asked again, word for word.

use std::cell::Cell;

use http::Method;
use serde_json::{Value, json};
use stoa_testkit::{Actor, Answer};

use super::VENDOR;
use crate::events::until;
use crate::invariants::market::{Market, insist, insist_text};
use crate::shop;

/// What is bought: a piece of counted goods, and a download.
pub const WATCH: (&str, f64) = ("watch", 19.99);
pub const AGENT: (&str, f64) = ("agent", 30.0);

/// How often something is asked that fails.
const TRIES_MAX: u32 = 200;
/// Milliseconds by which time passes between two looks at what comes by itself.
const MOMENT_MS: u64 = 5_000;
/// Milliseconds that pass so at most: more than until payments in doubt are asked after, less than until unpaid orders
/// end.
const LATER_MS_MAX: u64 = 30 * 60_000;

pub struct Checkout<'m> {
    market: &'m Market,
    name: String,
}

impl<'m> Checkout<'m> {
    pub const fn new(market: &'m Market, name: String) -> Self {
        Self { market, name }
    }

    /// All of it; the order, and the provider's name of its payment.
    pub async fn walk(self) -> (String, String) {
        for product in [WATCH.0, AGENT.0] {
            self.fill(product).await;
        }
        let order = self.order().await;
        let (payment, intent) = self.begin(&order).await;
        self.pay(&payment, &intent).await;
        self.hear(&intent).await;
        self.receive(&order).await;
        (order, intent)
    }

    async fn fill(&self, product: &str) {
        let item = json!({ "productId": product, "quantity": 1 });
        let key = format!("fill-{product}");
        let filled = self.post(&key, "/api/cart/items", &item).await;
        assert!(filled.status.is_success(), "{}", filled.json());
    }

    /// Orders what is in the cart.
    async fn order(&self) -> String {
        let placed = self.post("order", "/api/orders", &json!({})).await;
        shop::id(&placed.json_of(201))
    }

    /// Begins the payment, and waits for the provider's name of it where its answer was lost.
    async fn begin(&self, order: &str) -> (String, String) {
        let path = format!("/api/orders/{order}/payment");
        let body = json!({ "provider": "stripe" });
        self.sooner_or_later("the payment begins", async || {
            let begun = self.post("begin", &path, &body).await;
            assert!(begun.status.is_success(), "{}", begun.json());
            let begun = begun.json();
            let intent = begun["paymentIntentId"].as_str()?;
            Some((begun["paymentId"].as_str()?.into(), intent.into()))
        })
        .await
    }

    /// Pays, and tries anew if nothing came of it.
    async fn pay(&self, payment: &str, intent: &str) {
        let body = json!({
            "paymentId": payment, "paymentMethodId": "pm_card_visa", "returnUrl": "https://shop.example/back",
        });
        let tries = Cell::new(0);
        self.sooner_or_later("the card is charged", async || {
            let key = format!("pay-{}", tries.replace(tries.get() + 1));
            let paid = self.post(&key, "/api/payments/confirm", &body).await;
            assert!(matches!(paid.status.as_u16(), 200 | 202), "{}", paid.json());
            (self.market.bank.charges(intent) > 0).then_some(())
        })
        .await;
    }

    /// The provider tells all of it, each until it is heard.
    async fn hear(&self, intent: &str) {
        let told = self.market.bank.told();
        for event in told.iter().filter(|event| event.body.contains(intent)) {
            let path = "/api/payments/webhook/stripe";
            let heard = self.repeat(async || {
                let signature = self.market.bank.seal(&self.market.host, event);
                let anybody = self.market.host.anonymous();
                let provider = anybody.header("stripe-signature", &signature);
                insist_text(&provider, Method::POST, path, &event.body).await
            });
            let _ = heard.await.expect(200);
        }
    }

    /// Waits for the licence and for the vendor's money.
    async fn receive(&self, order: &str) {
        let licence = format!("/api/downloads/{}/license", AGENT.0);
        let vendor = self.market.host.vendor(VENDOR);
        self.sooner_or_later("the licence and the money come", async || {
            let licence = self.buyer().get(&licence).await;
            let earned = vendor.get("/api/vendors/earnings?limit=20").await;
            if licence.status != 200 || earned.status != 200 {
                return None;
            }
            assert_eq!(licence.json()["orderId"], order);
            let earned = earned.json();
            let mut entries = earned["entries"].as_array().unwrap().iter();
            let is_earned = entries.any(|entry| entry["reference"] == order);
            is_earned.then_some(())
        })
        .await;
    }

    async fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        let buyer = self.buyer().idempotent(&format!("{key}-{}", self.name));
        self.repeat(async || insist(&buyer, Method::POST, path, body).await)
            .await
    }

    /// Asks until it is answered. Whoever is let down by others says so: that is never the host's own mistake.
    async fn repeat(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        for _ in 0..TRIES_MAX {
            let answer = ask().await;
            if !answer.status.is_server_error() {
                return answer;
            }
            assert_ne!(answer.status, 500, "{}", answer.json());
        }
        panic!("{} is let down all the time", self.name);
    }

    /// Looks until it is so, while time passes for the shop and for the provider.
    async fn sooner_or_later<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let passed_ms = Cell::new(0);
        until(what, async || {
            let found = look().await;
            if found.is_none() && passed_ms.get() < LATER_MS_MAX {
                self.market.bank.later(&self.market.host, MOMENT_MS);
                passed_ms.set(passed_ms.get() + MOMENT_MS);
            }
            found
        })
        .await
    }

    fn buyer(&self) -> Actor {
        self.market.host.user(&self.name)
    }
}
