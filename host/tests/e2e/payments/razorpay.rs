//! Payments through Razorpay: its page reserves the money, the shop fetches it, once.

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_standins::Razorpay;
use stoa_standins::razorpay::{Act, How};
use stoa_testkit::{Actor, FakeClock, TestHost, TestHostBuilder};

use crate::events::until;
use crate::shop;

/// The operator's secrets, as both sides know them.
pub const KEY: (&str, &str) = ("rzp_test_stand_in", "stand-in-secret");
pub const WEBHOOK: &str = "stand-in-webhook";

struct Shop {
    host: Arc<TestHost>,
    razorpay: Razorpay,
    buyer: Actor,
}

/// A host whose operator has configured it.
pub fn next_to(razorpay: &Razorpay, builder: TestHostBuilder) -> TestHostBuilder {
    builder
        .outbound("payments", "razorpay", &razorpay.url())
        .secret("payments", "razorpay_key_id", &[KEY.0])
        .secret("payments", "razorpay_key_secret", &[KEY.1])
        .secret("payments", "razorpay_webhook_secret", &[WEBHOOK, "older"])
}

impl Shop {
    async fn open() -> Self {
        let clock = Arc::new(FakeClock::default());
        let razorpay = Razorpay::start(KEY, clock).await.unwrap();
        let plugins = ["catalog", "cart", "orders", "payments"];
        let builder = plugins
            .iter()
            .fold(TestHost::builder(), |builder, name| builder.plugin(name));
        let host = Arc::new(next_to(&razorpay, builder).start().await);
        let watch =
            json!({ "id": "watch", "name": "Watch", "price": 19.99, "stock": 5, "vendorId": "v1" });
        let _ = shop::sell(&host, watch).await;
        let buyer = host.user("u1");
        Self {
            host,
            razorpay,
            buyer,
        }
    }

    /// An order of ours, and Razorpay's for its payment.
    async fn begin(&self) -> (String, String) {
        let items = json!({ "items": [{ "productId": "watch", "quantity": 1 }] });
        let order = shop::id(&self.buyer.post("/api/orders", &items).await.json_of(201));
        let path = format!("/api/orders/{order}/payment");
        let body = json!({ "provider": "razorpay" });
        let payment = self.buyer.post(&path, &body).await.json_of(201);
        let theirs = payment["razorpayOrderId"].as_str().unwrap().to_owned();
        (order, theirs)
    }

    fn pay(&self, order: &str, how: How) -> Value {
        let order = order.to_owned();
        self.razorpay.act(&Act::Pay { order, how }).unwrap()
    }

    async fn paid(&self, order: &str) -> String {
        let order = self.buyer.get(&format!("/api/orders/{order}")).await;
        order.json_of(200)["paymentStatus"].as_str().unwrap().into()
    }

    /// Everything that Razorpay has told arrives, sealed by this secret; answers what came of it.
    async fn hear_all(&self, secret: &str) -> Vec<String> {
        let mut outcomes = Vec::new();
        for event in self.razorpay.post().told() {
            let headers = self.razorpay.post().seal(&event, secret);
            let provider = headers
                .iter()
                .fold(self.host.anonymous(), |actor, (name, value)| {
                    actor.header(name, value)
                });
            let path = "/api/payments/webhook/razorpay";
            let heard = provider.send(http::Method::POST, path, event.body).await;
            let outcome = match heard.status.as_u16() {
                200 => heard.json()["outcome"].as_str().unwrap().to_owned(),
                _ => heard.problem(400, "invalid-signature")["status"].to_string(),
            };
            outcomes.push(outcome);
        }
        outcomes
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_page_proves_is_fetched_once_and_told_twice_in_vain() {
    let shop = Shop::open().await;
    let (order, theirs) = shop.begin().await;
    let proof = shop.pay(&theirs, How::Authorized);
    let mut body = json!({
        "razorpay_order_id": theirs, "razorpay_payment_id": proof["id"],
        "razorpay_signature": proof["razorpay_signature"],
    });
    let good = body["razorpay_signature"].take();
    body["razorpay_signature"] = "00".repeat(32).into();
    let forged = shop.buyer.post("/api/payments/confirm", &body).await;
    assert_eq!(forged.status, 400);
    assert_eq!(shop.razorpay.captures(&theirs), 0);

    body["razorpay_signature"] = good;
    let confirmed = shop.buyer.post("/api/payments/confirm", &body).await;
    assert!(
        matches!(confirmed.status.as_u16(), 200 | 202),
        "{confirmed:?}"
    );
    let _dispatcher = shop.host.dispatch().await;
    until("the money is fetched", async || {
        shop.host.clock.advance(1_000);
        (shop.paid(&order).await == "paid").then_some(())
    })
    .await;
    assert_eq!(shop.razorpay.captures(&theirs), 1);

    assert!(
        shop.hear_all("nobody's")
            .await
            .iter()
            .all(|outcome| outcome == "400")
    );
    assert!(
        shop.hear_all("older")
            .await
            .iter()
            .all(|outcome| outcome != "400")
    );
    assert!(
        shop.hear_all(WEBHOOK)
            .await
            .iter()
            .all(|outcome| outcome == "duplicate")
    );
    assert_eq!(shop.razorpay.captures(&theirs), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_pays_nothing_and_the_next_one_does_by_webhook_alone() {
    let shop = Shop::open().await;
    let (order, theirs) = shop.begin().await;
    let _ = shop.pay(&theirs, How::Failed);
    let _ = shop.hear_all(WEBHOOK).await;
    assert_eq!(shop.paid(&order).await, "failed");
    let _ = shop.pay(&theirs, How::Captured);
    let _ = shop.hear_all(WEBHOOK).await;
    assert_eq!(shop.paid(&order).await, "paid");
    assert_eq!(shop.razorpay.captures(&theirs), 1);
    // Nobody had said so when it was ordered.
    let seen = shop.buyer.get(&format!("/api/orders/{order}")).await;
    assert_eq!(seen.json_of(200)["paymentMethod"], "razorpay");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_names_it_is_paid_through_it() {
    let shop = Shop::open().await;
    let new = json!({
        "items": [{ "productId": "watch", "quantity": 1 }], "paymentMethod": "razorpay",
    });
    let order = shop::id(&shop.buyer.post("/api/orders", &new).await.json_of(201));
    let path = format!("/api/orders/{order}/payment");
    let payment = shop.buyer.post(&path, &json!({})).await.json_of(201);
    assert_eq!(payment["provider"], "razorpay", "{payment}");
    let new = json!({ "orderId": order });
    let again = shop.buyer.post("/api/payments/create-intent", &new).await;
    assert_eq!(again.json_of(200), payment);
}
