//! A whole marketplace in this process: every plugin that money passes, and the provider's stand-in.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::event::Outbox as _;
use stoa_kernel::id::TenantId;
use stoa_runtime::{Dispatcher, Policy};
use stoa_standins::Razorpay;
use stoa_testkit::{Actor, Answer, FakeClock, TestHost, TestHostBuilder};

use super::Place;
use super::books::Books;
use crate::events::until;
use crate::payments::bank::Bank;
use crate::payments::razorpay::{KEY, next_to};
use crate::shop;

/// What orders, payments, licences and vendors' money are made of.
pub const PLUGINS: [&str; 6] = [
    "catalog",
    "cart",
    "orders",
    "payments",
    "vendors",
    "downloads",
];

/// How often a host is asked that has no room, or where others were quicker.
const TRIES_MAX: u32 = 2_000;

/// A marketplace. Its parts outlive their use in this order.
pub struct Market {
    pub host: Arc<TestHost>,
    pub bank: Bank,
    pub razorpay: Razorpay,
    _dispatcher: Arc<Dispatcher>,
    _place: Place,
}

impl Market {
    pub async fn open(place: Place) -> Arc<Self> {
        Self::open_with(place, &[]).await
    }

    /// Over a store in memory that keeps nothing of it ready.
    pub async fn open_uncached() -> Arc<Self> {
        Self::build(Place::Memory, TestHost::builder().uncached()).await
    }

    /// The same with settings, by plugin and name.
    pub async fn open_with(place: Place, settings: &[(&str, &str, Value)]) -> Arc<Self> {
        let mut policy = Policy::default();
        for (plugin, name, value) in settings {
            let of_plugin = policy.settings.entry((*plugin).into()).or_default();
            of_plugin.insert((*name).into(), value.clone());
        }
        Self::build(place, TestHost::builder().policy(policy)).await
    }

    async fn build(place: Place, builder: TestHostBuilder) -> Arc<Self> {
        let bank = Bank::open().await;
        let clock = Arc::new(FakeClock::default());
        let razorpay = Razorpay::start(KEY, clock).await.unwrap();
        let builder = builder.store(&place.url());
        let builder = PLUGINS.iter().fold(builder, |host, name| host.plugin(name));
        let builder = next_to(&razorpay, bank.next_to(builder));
        let host = Arc::new(builder.start().await);
        let dispatcher = host.dispatch().await;
        Arc::new(Self {
            host,
            bank,
            razorpay,
            _dispatcher: dispatcher,
            _place: place,
        })
    }

    /// Puts something on sale: counted goods, or a download where `stock` is none.
    pub async fn sell(&self, id: &str, vendor: &str, price: f64, stock: Option<u32>) {
        let file = stock.is_none().then_some("/file.zip");
        let members = json!({
            "id": id, "name": id, "vendorId": vendor, "price": price, "stock": stock,
            "files": { "downloadUrl": file },
        });
        let _ = shop::sell(&self.host, members).await;
    }

    /// Pieces that are left.
    pub async fn left(&self, product: &str) -> u64 {
        let path = format!("/products/{product}");
        let admin = self.host.admin();
        let answer = insist(&admin, Method::GET, &path, &Value::Null).await;
        let product = answer.json_of(200);
        product["stock"].as_u64().expect("it is counted")
    }

    /// Orders one piece; the order's id, or none if there is no piece.
    pub async fn order(&self, buyer: &str, product: &str) -> Option<String> {
        self.order_of(buyer, &[product]).await
    }

    /// Orders one piece of each; the order's id, or none if there is no piece.
    pub async fn order_of(&self, buyer: &str, products: &[&str]) -> Option<String> {
        let items = products.iter().map(|id| json!({ "productId": id }));
        let body = json!({ "items": items.collect::<Value>() });
        let answer = insist(&self.host.user(buyer), Method::POST, "/api/orders", &body).await;
        if answer.status == 409 {
            let _ = answer.problem(409, "out-of-stock");
            return None;
        }
        Some(shop::id(&answer.json_of(201)))
    }

    /// Begins the payment of an order; Stripe's name for it.
    pub async fn begin(&self, buyer: &str, order: &str) -> String {
        let begun = self.begin_by(buyer, order, "stripe").await;
        begun["paymentIntentId"].as_str().unwrap().into()
    }

    /// Begins the payment of an order by this provider.
    pub async fn begin_by(&self, buyer: &str, order: &str, provider: &str) -> Value {
        let path = format!("/api/orders/{order}/payment");
        let body = json!({ "provider": provider });
        let begun = insist(&self.host.user(buyer), Method::POST, &path, &body).await;
        assert!(begun.status.is_success(), "{}", begun.json());
        begun.json()
    }

    /// The buyer pays, and the provider tells.
    pub async fn pay(&self, buyer: &str, order: &str) -> String {
        let intent = self.begin(buyer, order).await;
        let object = self.bank.pay(&intent);
        let told = format!("evt_{intent}");
        let outcome = self
            .called(&told, "payment_intent.succeeded", &object)
            .await;
        assert!(matches!(&*outcome, "applied" | "unchanged"), "{outcome}");
        intent
    }

    /// Calls an order off; whether that was still possible.
    pub async fn cancel(&self, actor: &Actor, order: &str) -> bool {
        let path = format!("/api/orders/{order}/cancel");
        let answer = insist(actor, Method::POST, &path, &json!({})).await;
        if answer.status != 200 {
            let _ = answer.problem(409, "wrong-status");
            return false;
        }
        true
    }

    /// The provider tells again what it has told of money that went back, each event twice: the newest first, or the oldest.
    pub async fn tell_refunds(&self, events: usize, newest_first: bool, about: &str) {
        let mut told = self.bank.told();
        told.retain(|event| event.kind == "charge.refunded" && event.body.contains(about));
        if newest_first {
            told.reverse();
        }
        let told: Vec<_> = told.iter().take(events).collect();
        for event in told.iter().chain(&told) {
            let signature = self.bank.seal(&self.host, event);
            let _ = self.heard(&signature, event.body.clone()).await;
        }
    }

    /// A vendor asks for a payout; whether it was promised so much.
    pub async fn ask_for(&self, vendor: &str, amount: f64) -> bool {
        let body = json!({ "amount": amount, "currency": "USD" });
        let vendor = self.host.vendor(vendor);
        let asked = insist(&vendor, Method::POST, "/api/vendors/payouts", &body).await;
        if asked.status == 201 {
            return true;
        }
        let _ = asked.problem(422, "insufficient-balance");
        false
    }

    /// The provider calls back with an event; what came of it.
    pub async fn called(&self, event: &str, kind: &str, object: &Value) -> String {
        let (signature, body) = self.bank.event(&self.host, event, kind, object);
        self.heard(&signature, body).await
    }

    /// The same with a body and its signature.
    pub async fn heard(&self, signature: &str, body: String) -> String {
        let provider = self.host.anonymous().header("stripe-signature", signature);
        let path = "/api/payments/webhook/stripe";
        let heard = insist_text(&provider, Method::POST, path, &body).await;
        heard.json_of(200)["outcome"].as_str().unwrap().into()
    }

    /// An order as its buyer sees it.
    pub async fn seen(&self, buyer: &str, order: &str) -> Value {
        let path = format!("/api/orders/{order}");
        self.host.user(buyer).get(&path).await.json_of(200)
    }

    /// All that is written down, at one time or another.
    pub async fn books(&self) -> Books {
        Books::read(&*self.host.store, &tenant()).await
    }

    /// All that is written down once nothing waits any more.
    pub async fn settled(&self) -> Books {
        until("everything is handled", async || {
            self.host.clock.advance(100);
            let waiting = self.host.store.pending(&tenant(), "", 1).await.unwrap();
            waiting.is_empty().then_some(())
        })
        .await;
        self.books().await
    }
}

fn tenant() -> TenantId {
    TenantId::parse("main").unwrap()
}

/// Asks until the host has room, and until the request gets through between the others: a full host says so, and has
/// done nothing, or the books would show it.
pub async fn insist(actor: &Actor, method: Method, path: &str, body: &Value) -> Answer {
    insist_text(actor, method, path, &body.to_string()).await
}

/// The same with a body that is signed as it is.
pub async fn insist_text(actor: &Actor, method: Method, path: &str, body: &str) -> Answer {
    for _ in 0..TRIES_MAX {
        let answer = actor.send(method.clone(), path, body.to_owned()).await;
        let is_crowded = match answer.status.as_u16() {
            // Its turn never came within its time.
            503 | 504 => true,
            409 => is_conflict(&answer),
            _ => false,
        };
        if !is_crowded {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the host never had room for {path}");
}

/// Whether others changed the same all the time; or the same request is under way.
fn is_conflict(answer: &Answer) -> bool {
    let problem = answer.json();
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.ends_with("/conflict") || kind.ends_with("/idempotency-in-flight")
}
