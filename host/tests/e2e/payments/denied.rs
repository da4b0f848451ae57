//! Who may not.

use http::Method;
use serde_json::json;

use super::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_order_and_payment_are_none() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let other = shop.host.user("u2");
    for path in [
        format!("/api/orders/{order}/payment"),
        "/api/orders/nothing/payment".into(),
    ] {
        let _ = other
            .post(&path, &json!({}))
            .await
            .problem(404, "not-found");
        let _ = shop
            .host
            .anonymous()
            .post(&path, &json!({}))
            .await
            .problem(401, "unauthenticated");
    }
    for body in [
        json!({ "paymentId": payment["paymentId"], "paymentMethodId": "pm_card_visa" }),
        json!({ "paymentId": "nothing" }),
    ] {
        let answer = other.post("/api/payments/confirm", &body).await;
        let _ = answer.problem(404, "not-found");
    }
    assert_eq!(shop.bank.charges(&super::intent(&payment)), 0);
    let _ = shop
        .buyer
        .get("/api/payments/transactions")
        .await
        .problem(403, "forbidden");
    let page = shop
        .host
        .admin()
        .get("/api/payments/transactions")
        .await
        .json_of(200);
    assert_eq!(page["items"][0]["paymentId"], payment["paymentId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_the_providers_signature_pays_nothing() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let payment = shop.begin(&order).await;
    let object = shop.bank.pay(&super::intent(&payment));
    let (signature, body) =
        shop.bank
            .event(&shop.host, "evt_1", "payment_intent.succeeded", &object);
    let paths = [
        "/api/payments/webhook/stripe",
        "/api/orders/webhooks/stripe",
    ];
    for path in paths {
        let stranger = shop.host.anonymous();
        let answer = stranger.send(Method::POST, path, body.clone()).await;
        let _ = answer.problem(400, "invalid-signature");
        let stranger = stranger.header("stripe-signature", &signature);
        let answer = stranger.send(Method::POST, path, format!("{body} ")).await;
        let _ = answer.problem(400, "invalid-signature");
    }
    shop.host.clock.advance(301_000);
    let late = shop.host.anonymous().header("stripe-signature", &signature);
    let answer = late.send(Method::POST, paths[0], body).await;
    let _ = answer.problem(400, "invalid-signature");
    assert_eq!(shop.paid(&order).await, "pending");
}
