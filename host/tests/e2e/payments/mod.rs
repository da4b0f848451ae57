//! Payments through real components: from an order to money and back, against the stand-ins of the providers.

pub mod bank;
mod denied;
mod official;
pub mod razorpay;

use std::sync::Arc;

use serde_json::{Value, json};
use stoa_testkit::{Actor, TestHost, TestHostBuilder};

use self::bank::Bank;
use crate::events::until;
use crate::shop;

/// How long after a lost answer the provider is asked, with room: the setting's ten minutes.
const LATER_MS: u64 = 15 * 60_000;

/// A shop that sells watches for 19.99, whose provider is in the next room.
struct Shop {
    host: Arc<TestHost>,
    bank: Bank,
    buyer: Actor,
}

impl Shop {
    async fn open() -> Self {
        Self::open_with(|builder| builder).await
    }

    /// The same, and what else its operator has decided.
    async fn open_with(decide: impl FnOnce(TestHostBuilder) -> TestHostBuilder) -> Self {
        let bank = Bank::open().await;
        let plugins = ["catalog", "cart", "orders", "payments"];
        let builder = plugins
            .iter()
            .fold(TestHost::builder(), |builder, name| builder.plugin(name));
        let host = Arc::new(decide(bank.next_to(builder)).start().await);
        let watch =
            json!({ "id": "watch", "name": "Watch", "price": 19.99, "stock": 5, "vendorId": "v1" });
        let _ = shop::sell(&host, watch).await;
        let buyer = host.user("u1");
        Self { host, bank, buyer }
    }

    async fn order(&self) -> String {
        let items = json!({ "items": [{ "productId": "watch", "quantity": 1 }] });
        shop::id(&self.buyer.post("/api/orders", &items).await.json_of(201))
    }

    async fn begin(&self, order: &str) -> Value {
        let path = format!("/api/orders/{order}/payment");
        let body = json!({ "provider": "stripe" });
        self.buyer.post(&path, &body).await.json_of(201)
    }

    /// The buyer pays by a card that their page has asked for, and does not say where to come back to.
    async fn confirm(&self, payment: &Value, card: &str) -> Value {
        let body = json!({ "paymentId": payment["paymentId"], "paymentMethodId": card });
        let answer = self.buyer.post("/api/payments/confirm", &body).await;
        answer.json_of(200)
    }

    /// Whether the provider's page may send the buyer elsewhere.
    fn redirects(&self, payment: &Value) -> Value {
        let intent = self.bank.object(&intent(payment));
        intent["automatic_payment_methods"]["allow_redirects"].clone()
    }

    /// Whether the order is paid, in its own words.
    async fn paid(&self, order: &str) -> String {
        let path = format!("/api/orders/{order}");
        let order = self.buyer.get(&path).await.json_of(200);
        order["paymentStatus"].as_str().unwrap().into()
    }

    /// The provider calls back; answers what came of it.
    async fn called(&self, event: &str, kind: &str, object: &Value) -> String {
        let (signature, body) = self.bank.event(&self.host, event, kind, object);
        self.heard(&signature, body).await
    }

    /// The same with a body and its signature.
    async fn heard(&self, signature: &str, body: String) -> String {
        let provider = self.host.anonymous().header("stripe-signature", signature);
        let heard = provider
            .send(http::Method::POST, "/api/payments/webhook/stripe", body)
            .await
            .json_of(200);
        heard["outcome"].as_str().unwrap().into()
    }

    /// How often this was told of the order.
    async fn told(&self, order: &str, name: &str) -> usize {
        let all = shop::events(&self.host).await.into_iter();
        all.filter(|event| *event == (name.into(), order.into()))
            .count()
    }
}

fn intent(payment: &Value) -> String {
    payment["paymentIntentId"].as_str().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_paid_once_however_often_that_is_told() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    assert_eq!(
        (&payment["amount"], &payment["status"]),
        (&json!(19.99), &json!("created"))
    );
    let again = shop
        .buyer
        .post(&format!("/api/orders/{order}/payment"), &json!({}))
        .await;
    assert_eq!(again.json_of(200), payment);

    let object = shop.bank.pay(&intent(&payment));
    for (event, outcome) in [
        ("evt_1", "applied"),
        ("evt_1", "duplicate"),
        ("evt_2", "unchanged"),
    ] {
        assert_eq!(
            shop.called(event, "payment_intent.succeeded", &object)
                .await,
            outcome
        );
    }
    assert_eq!(shop.paid(&order).await, "paid");
    assert_eq!(shop.told(&order, "payment.success").await, 1);
    assert_eq!(shop.told(&order, "payment.completed").await, 1);
    assert_eq!(shop.bank.charges(&intent(&payment)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_pays_where_there_is_nowhere_to_come_back_to() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    assert_eq!(shop.redirects(&payment), "never");
    let declined = shop.confirm(&payment, "pm_card_visa_chargeDeclined").await;
    assert_eq!(declined["status"], "failed");
    assert!(declined["failureReason"].is_string(), "{declined}");
    let paid = shop.confirm(&payment, "pm_card_visa").await;
    assert_eq!(
        (&paid["status"], paid.get("failureReason")),
        (&json!("succeeded"), None)
    );
    let seen = shop.buyer.get(&format!("/api/orders/{order}")).await;
    let seen = seen.json_of(200);
    assert_eq!(
        (&seen["status"], &seen["paymentMethod"]),
        (&json!("processing"), &json!("stripe"))
    );
    assert_eq!(
        seen["payment"],
        json!({
            "provider": "stripe", "paymentId": payment["paymentId"], "status": "completed",
            "amount": 19.99, "currency": "USD",
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_sent_elsewhere_comes_back_to_the_operators_address() {
    let back = json!("https://shop.example/back");
    let shop = Shop::open_with(|builder| builder.setting("payments", "return_url", back)).await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    assert_eq!(shop.redirects(&payment), "always");
    let paid = shop.confirm(&payment, "pm_card_visa").await;
    assert_eq!(paid["status"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_at_once_and_in_any_order_pay_once() {
    let shop = Arc::new(Shop::open().await);
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let object = shop.bank.pay(&intent(&payment));
    let mut failed = object.clone();
    failed["status"] = json!("requires_payment_method");
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (shop, object, failed) = (shop.clone(), object.clone(), failed.clone());
        calls.spawn(async move {
            match n % 2 {
                0 => {
                    shop.called(
                        &format!("evt_{}", n / 4),
                        "payment_intent.succeeded",
                        &object,
                    )
                    .await
                }
                _ => {
                    shop.called(
                        &format!("evt_f{n}"),
                        "payment_intent.payment_failed",
                        &failed,
                    )
                    .await
                }
            }
        });
    }
    let _ = calls.join_all().await;
    assert_eq!(shop.paid(&order).await, "paid");
    assert_eq!(shop.told(&order, "payment.success").await, 1);
}

/// A card is declined, another one pays; all that Stripe tells of it arrives twice, and the last of it first.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_tells_may_come_twice_and_backwards() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let _ = shop
        .bank
        .pay_by(&intent(&payment), "pm_card_visa_chargeDeclined");
    let _ = shop.bank.pay(&intent(&payment));
    let told = shop.bank.told();
    assert!(told.len() >= 5, "{told:?}");
    for event in told.iter().rev().chain(&told) {
        let signature = shop.bank.seal(&shop.host, event);
        let _ = shop.heard(&signature, event.body.clone()).await;
    }
    assert_eq!(shop.paid(&order).await, "paid");
    assert_eq!(shop.told(&order, "payment.success").await, 1);
    assert_eq!(shop.bank.charges(&intent(&payment)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_whose_answer_is_lost_is_found_and_not_made_again() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    shop.bank.lose_the_next_answer();
    let body = json!({
        "paymentId": payment["paymentId"], "paymentMethodId": "pm_card_visa",
        "returnUrl": "https://shop.example/back",
    });
    let unknown = shop
        .buyer
        .post("/api/payments/confirm", &body)
        .await
        .json_of(202);
    assert_eq!(unknown["status"], "processing");
    assert_eq!(shop.paid(&order).await, "pending");

    let _dispatcher = shop.host.dispatch().await;
    shop.host.clock.advance(LATER_MS);
    until("the payment is found", async || {
        shop.host.clock.advance(1_000);
        (shop.paid(&order).await == "paid").then_some(())
    })
    .await;
    let known = shop
        .buyer
        .post("/api/payments/confirm", &body)
        .await
        .json_of(200);
    assert_eq!(known["status"], "succeeded");
    assert_eq!(shop.bank.charges(&intent(&payment)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_a_cancelled_order_goes_back_once() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let object = shop.bank.pay(&intent(&payment));
    assert_eq!(
        shop.called("evt_1", "payment_intent.succeeded", &object)
            .await,
        "applied"
    );
    let cancel = format!("/api/orders/{order}/cancel");
    let _ = shop.buyer.post(&cancel, &json!({})).await.expect(200);

    let _dispatcher = shop.host.dispatch().await;
    until("the money is back", async || {
        shop.host.clock.advance(1_000);
        (shop.paid(&order).await == "refunded").then_some(())
    })
    .await;
    assert_eq!(shop.bank.refunds(&intent(&payment)), 1);
}
