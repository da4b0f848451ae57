//! What is bought is downloaded: by whoever paid for it, as long as it is paid for.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use super::{Market, Person, TOOL};
use crate::shop;

/// Milliseconds that a link is good for, by the plugin's setting.
const LINK_MS: u64 = 900_000;

fn at(product: &str, what: &str) -> String {
    format!("/api/downloads/{product}/{what}")
}

async fn licence(buyer: &Person, product: &str) -> Value {
    buyer.get(&at(product, "license")).await
}

/// Nothing of the product's downloads is there for them.
async fn has_none(buyer: &Person, product: &str) {
    for (method, what) in [
        (Method::GET, "license"),
        (Method::GET, "download"),
        (Method::POST, "track"),
    ] {
        let answer = buyer.actor.send(method, &at(product, what), "").await;
        let _ = answer.problem(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_brings_one_licence_however_often_it_is_told_and_asked_for() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let lamp = market.sell(&vera, json!({ "stock": 5 })).await;
    let buyer = market.join("Bea").await;
    let order = market.order(&buyer, &[(&tool, 1), (&lamp, 1)]).await;
    has_none(&buyer, &tool).await;
    let paid = market.pay(&buyer, &order).await;
    // Everybody asks at once, while the event may still be on its way.
    let path = at(&tool, "license");
    let asked = (0..8).map(|_| buyer.actor.get(&path));
    let asked = futures::future::join_all(asked).await;
    for event in ["evt_2", "evt_3"] {
        let told = market.hear(event, "payment_intent.succeeded", &paid).await;
        assert_eq!(told, "unchanged");
    }
    market.settled().await;
    let only = licence(&buyer, &tool).await;
    assert_eq!(
        (&only["orderId"], &only["productName"], &only["downloads"]),
        (&json!(order), &json!("Tool"), &json!(0))
    );
    assert_eq!(only["licenseKey"].as_str().unwrap().len(), 29);
    for answer in asked {
        assert_eq!(answer.json_of(200), only);
    }
    let seen = buyer.get("/api/users/dashboard").await;
    assert_eq!(seen["totalDownloads"], 1, "a lamp is no download");
    has_none(&buyer, &lamp).await;
    let letters = market.letters(&buyer).await;
    let ready = letters.iter().filter(|subject| *subject == "Tool is ready");
    assert_eq!(ready.count(), 1, "{letters:?}");
    let letter = market.office.text(&buyer.email, "Tool is ready").await;
    let key = only["licenseKey"].as_str().unwrap();
    assert!(!letter.unwrap().contains(key), "the key stays at home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_serves_the_file_in_parts_and_ends() {
    let market = Market::open_with(|builder| {
        builder.setting("downloads", "links_per_licence_max", json!(2))
    })
    .await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let buyer = market.join("Bea").await;
    let _ = market.buy(&buyer, &[(&tool, 1)]).await;
    let link = buyer.get(&at(&tool, "download")).await;
    assert_eq!(
        (&link["fileName"], &link["size"], &link["expiresAt"]),
        (
            &json!("tool.txt"),
            &json!(TOOL.len()),
            &json!("2026-01-01T00:15:00.000Z")
        )
    );
    let url = link["downloadUrl"].as_str().unwrap();
    let browser = market.host.anonymous();
    assert_eq!(browser.get(url).await.expect(200).body, TOOL);
    let part = browser.header("range", "bytes=4-7").get(url).await;
    assert_eq!(part.expect(206).body, "tool");
    for place in [10, url.len() - 2] {
        let other = if &url[place..=place] == "A" { "B" } else { "A" };
        let tampered = format!("{}{other}{}", &url[..place], &url[place + 1..]);
        let refused = browser.get(&tampered).await;
        let _ = refused.problem(404, "not-found");
    }
    // The second link of two that this operator allows.
    let _ = buyer.get(&at(&tool, "download")).await;
    let third = buyer.actor.get(&at(&tool, "download")).await;
    let _ = third.problem(403, "download-limit");
    // The shop's own administrator gives one more, also of licences that were issued before.
    let more = json!({ "settings": { "links_per_licence_max": 3 } });
    let path = "/api/platform/plugins/downloads/settings";
    let _ = market.host.admin().put(path, &more).await.expect(200);
    let _ = buyer.get(&at(&tool, "download")).await;
    let fourth = buyer.actor.get(&at(&tool, "download")).await;
    let _ = fourth.problem(403, "download-limit");
    market.host.clock.advance(LINK_MS - 1);
    let _ = browser.get(url).await.expect(200);
    market.host.clock.advance(1);
    let _ = browser.get(url).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_knows_of_it() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let buyer = market.join("Bea").await;
    let _ = market.buy(&buyer, &[(&tool, 1)]).await;
    market.settled().await;
    let host = &market.host;
    let outsiders = [
        market.join("Eve").await.actor,
        vera.actor.clone(),
        host.admin(),
        market.rival(&buyer.id, Role::User).await,
    ];
    for (method, what) in [
        (Method::GET, "license"),
        (Method::GET, "download"),
        (Method::POST, "track"),
    ] {
        let path = format!("/api/downloads/{{id}}/{what}");
        for outsider in &outsiders {
            shop::looks_missing(outsider, method.clone(), &path, "", &tool).await;
        }
        let path = path.replace("{id}", &tool);
        let nobody = host.anonymous().send(method, &path, "").await;
        let _ = nobody.problem(401, "unauthenticated");
    }
    // The file itself is the vendor's, and no buyer's without a link.
    let shown = host.anonymous().get(&format!("/api/products/{tool}")).await;
    assert_eq!(shown.json_of(200)["files"]["downloadUrl"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_goes_back_takes_the_licence_along() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let buyer = market.join("Bea").await;
    let first = market.buy(&buyer, &[(&tool, 1)]).await;
    market.settled().await;
    let kept = licence(&buyer, &tool).await;
    market.host.clock.advance(1_000);
    let second = market.buy(&buyer, &[(&tool, 1)]).await;
    market.settled().await;
    let newer = licence(&buyer, &tool).await;
    assert_ne!(
        newer["licenseKey"], kept["licenseKey"],
        "each order has its own"
    );

    market.cancel(&buyer, &second).await;
    market.until_refunded(&buyer, &second).await;
    assert_eq!(licence(&buyer, &tool).await, kept);
    market.cancel(&buyer, &first).await;
    market.until_refunded(&buyer, &first).await;
    has_none(&buyer, &tool).await;
    let seen = buyer.get("/api/users/dashboard").await;
    assert_eq!(seen["totalDownloads"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_downloaded_only_the_shop_takes_back() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let buyer = market.join("Bea").await;
    let order = market.buy(&buyer, &[(&tool, 1)]).await;
    market.settled().await;
    let _ = buyer.get(&format!("/api/downloads/{tool}/download")).await;
    let cancel = format!("/api/orders/{order}/cancel");
    let refused = buyer.actor.post(&cancel, &json!({})).await;
    let _ = refused.problem(409, "already-downloaded");
    let admin = market.host.admin();
    let _ = admin.post(&cancel, &json!({})).await.expect(200);
    market.until_refunded(&buyer, &order).await;
    has_none(&buyer, &tool).await;
}

/// Nobody is asked for money, and everybody hears what they hear of a payment.
#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_is_had_at_once() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let gift = market.sell_tool(&vera, json!({ "price": 0 })).await;
    let buyer = market.join("Bea").await;
    let order = market.order(&buyer, &[(&gift, 1)]).await;
    let path = format!("/api/orders/{order}");
    let seen = buyer.get(&path).await;
    assert_eq!(
        (&seen["paymentStatus"], &seen["total"]),
        (&json!("paid"), &json!(0))
    );
    let asked = buyer
        .actor
        .post(&format!("{path}/payment"), &json!({}))
        .await;
    assert_eq!(asked.status, 409);
    market.settled().await;
    let only = licence(&buyer, &gift).await;
    assert_eq!(only["orderId"], order.as_str());
    let number = seen["orderNumber"].as_str().unwrap();
    let receipt = format!("Receipt for order {number}");
    let receipt = market.office.text(&buyer.email, &receipt).await.unwrap();
    assert!(receipt.contains("there is nothing to pay"), "{receipt}");
    let sold = vera.get("/api/vendors/analytics").await;
    assert_eq!(sold["sales"], 1);
    market.cancel(&buyer, &order).await;
    market.settled().await;
    has_none(&buyer, &gift).await;
}

/// The vendor sells so many of a tool; and takes it off sale, which those who have it do not notice.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_has_a_file_is_downloaded_also_when_it_is_counted_or_gone() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({ "stock": 3 })).await;
    let buyer = market.join("Bea").await;
    let _ = market.buy(&buyer, &[(&tool, 1)]).await;
    market.settled().await;
    let key = licence(&buyer, &tool).await["licenseKey"].clone();
    let reason = json!({ "reason": "Withdrawn." });
    let path = format!("/api/admin/products/{tool}/reject");
    let admin = market.host.admin();
    let _ = admin.post(&path, &reason).await.expect(200);
    assert_eq!(licence(&buyer, &tool).await["licenseKey"], key);
    let link = buyer.get(&at(&tool, "download")).await;
    let url = link["downloadUrl"].as_str().unwrap();
    let bytes = market.host.anonymous().get(url).await.expect(200);
    assert_eq!(bytes.body, TOOL);
}
