//! Stories of licences, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod personal;
pub mod shop;

use serde_json::{Value, json};
use stoa_guest::Result;
use stoa_guest::testing::{BlobInfo, Host};

use crate::provided::downloads::Guest as _;
use crate::{Plugin, dispatch, dispatch_event};

fn host() -> Host {
    shop::forget();
    Host::of(include_str!("../../plugin.toml"))
}

/// Lets something happen to a payment and its order, and tells it.
fn tell(host: &Host, name: &str, payment: &str, products: &[&str]) {
    match name {
        "payment.success" => shop::paid(products, payment),
        _ => shop::taken_back(payment, name),
    }
    hear(host, name, payment, products);
}

/// Tells something of a payment, whether or not it is still so.
fn hear(host: &Host, name: &str, payment: &str, products: &[&str]) {
    let line = |id: &&str| json!({ "productId": id, "vendorId": "v1", "name": "Thing" });
    let lines: Vec<Value> = products.iter().map(line).collect();
    let order = shop::order_of(payment);
    let told = json!({ "paymentId": payment, "orderId": order, "buyerId": "u1", "lines": lines });
    let event = host.event(name).key(&order).json(&told);
    event.deliver(dispatch_event).unwrap();
}

fn ask(host: &Host, handler: &str, user: &str, product: &str) -> Result<Value> {
    let request = host.request(handler).user(user).param("productId", product);
    request.send(dispatch).map(|answer| answer.json())
}

fn keep_blob(host: &Host) {
    host.blob(
        BlobInfo {
            id: "B1".into(),
            name: "tool.zip".into(),
            content_type: "application/zip".into(),
            size_bytes: 4,
            digest: String::new(),
            owner: Some("v1".into()),
            created_at_ms: 0,
            public_path: None,
        },
        b"zip!",
    );
    shop::file("tool", "blob:B1");
}

#[test]
fn who_pays_gets_a_licence_and_a_link_that_ends() {
    let host = host();
    keep_blob(&host);
    tell(&host, "payment.success", "p1", &["tool", "watch"]);
    let licence = ask(&host, "view_licence", "u1", "tool").unwrap();
    assert_eq!(licence["licenseKey"].as_str().unwrap().len(), 29);
    // The same payment, told again, issues nothing new.
    tell(&host, "payment.success", "p1", &["tool", "watch"]);
    assert_eq!(ask(&host, "view_licence", "u1", "tool").unwrap(), licence);
    assert_eq!(host.events().len(), 1);
    assert!(
        host.events()[0].payload.get("key").is_none(),
        "keys are for the buyer alone"
    );
    let link = ask(&host, "view_link", "u1", "tool").unwrap();
    assert_eq!(
        link,
        json!({
            "downloadUrl": "/files/B1?seconds=900", "expiresAt": "2026-01-01T00:15:00.000Z",
            "fileName": "tool.zip", "size": 4,
        })
    );
    assert_eq!(Plugin::of_buyer("u1".into(), 10).unwrap().len(), 1);
}

#[test]
fn nobody_else_has_it_and_goods_with_stock_are_no_downloads() {
    let host = host();
    keep_blob(&host);
    tell(&host, "payment.success", "p1", &["tool", "watch"]);
    for handler in ["view_link", "view_licence", "track_download"] {
        for (user, product) in [("u2", "tool"), ("u1", "watch"), ("u1", "missing")] {
            let refused = ask(&host, handler, user, product).unwrap_err();
            assert_eq!((refused.status, refused.code.as_str()), (404, "not-found"));
        }
    }
    assert_eq!(Plugin::of_buyer("u2".into(), 10).unwrap(), []);
}

#[test]
fn money_that_goes_back_takes_the_licence_along() {
    let host = host();
    for back in ["payment.refunded", "order.cancelled"] {
        tell(&host, "payment.success", back, &["tool"]);
        let _ = ask(&host, "view_licence", "u1", "tool").unwrap();
        tell(&host, back, back, &["tool"]);
        assert_eq!(
            ask(&host, "view_licence", "u1", "tool").unwrap_err().status,
            404
        );
    }
    // An order that nobody had paid.
    let told = json!({ "orderId": "o9", "buyerId": "u1", "lines": [{ "productId": "tool" }] });
    let event = host.event("order.cancelled").json(&told);
    event.deliver(dispatch_event).unwrap();
    // Bought twice, refunded once: the other licence is good.
    tell(&host, "payment.success", "a", &["tool"]);
    tell(&host, "payment.success", "b", &["tool"]);
    tell(&host, "payment.refunded", "b", &["tool"]);
    let _ = ask(&host, "view_licence", "u1", "tool").unwrap();
}

#[test]
fn a_payment_that_is_told_after_its_money_went_back_brings_nothing() {
    for back in ["payment.refunded", "order.cancelled"] {
        let host = host();
        keep_blob(&host);
        // Its first delivery failed, and an operator lets it be delivered again.
        shop::paid(&["tool"], back);
        tell(&host, back, back, &["tool"]);
        hear(&host, "payment.success", back, &["tool"]);
        // So does one that had brought a licence.
        let again = format!("{back}-again");
        tell(&host, "payment.success", &again, &["tool"]);
        assert_eq!(Plugin::of_buyer("u1".into(), 10).unwrap().len(), 1);
        tell(&host, back, &again, &["tool"]);
        hear(&host, "payment.success", &again, &["tool"]);
        assert_eq!(Plugin::of_buyer("u1".into(), 10).unwrap(), []);
        let refused = ask(&host, "view_licence", "u1", "tool").unwrap_err();
        assert_eq!(refused.status, 404, "{back}");
    }
    // Nor does one that the order was not paid by, or one of no order at all.
    let host = host();
    shop::paid(&["tool"], "p1");
    for order in [shop::order_of("p1"), "none".to_owned()] {
        let told = json!({ "paymentId": "p2", "orderId": order, "buyerId": "u1" });
        let event = host.event("payment.success").json(&told);
        event.deliver(dispatch_event).unwrap();
    }
    assert_eq!(Plugin::of_buyer("u1".into(), 10).unwrap(), []);
}

#[test]
fn who_is_faster_than_the_event_gets_the_very_licence_that_it_brings() {
    let host = host();
    shop::paid(&["tool"], "p1");
    let licence = ask(&host, "view_licence", "u1", "tool").unwrap();
    tell(&host, "payment.success", "p1", &["tool"]);
    assert_eq!(ask(&host, "view_licence", "u1", "tool").unwrap(), licence);
    assert_eq!(Plugin::of_buyer("u1".into(), 10).unwrap().len(), 1);
}

#[test]
fn links_are_bounded_and_downloads_are_told() {
    let host = host();
    host.set("links_per_licence_max", 2);
    shop::file("tool", "https://vendor.example/tool.zip");
    tell(&host, "payment.success", "p1", &["tool"]);
    assert!(shop::handed_over().is_empty());
    for _ in 0..2 {
        let link = ask(&host, "view_link", "u1", "tool").unwrap();
        assert_eq!(
            link,
            json!({ "downloadUrl": "https://vendor.example/tool.zip" })
        );
    }
    assert_eq!(
        ask(&host, "view_link", "u1", "tool").unwrap_err().code,
        "download-limit"
    );
    let (_, product) = shop::handed_over().pop_first().unwrap();
    assert_eq!(product, "tool");
    // The shop gives one more.
    host.set("links_per_licence_max", 3);
    let _ = ask(&host, "view_link", "u1", "tool").unwrap();
    assert_eq!(
        ask(&host, "view_link", "u1", "tool").unwrap_err().code,
        "download-limit"
    );
    assert_eq!(
        ask(&host, "track_download", "u1", "tool").unwrap()["downloads"],
        1
    );
    let told = host.events().pop().unwrap();
    assert_eq!(told.name, "download.started");
    assert_eq!(
        told.payload,
        json!({ "productId": "tool", "userId": "u1", "vendorId": "v1" })
    );
}

#[test]
fn what_is_no_longer_on_sale_is_known_by_its_file() {
    let host = host();
    tell(&host, "payment.success", "p1", &["gone"]);
    assert_eq!(
        ask(&host, "view_licence", "u1", "gone").unwrap_err().status,
        404
    );
    shop::file("gone", "https://vendor.example/gone.zip");
    tell(&host, "payment.success", "p2", &["gone"]);
    let _ = ask(&host, "view_licence", "u1", "gone").unwrap();
    // A licence of something whose file the vendor has taken away.
    tell(&host, "payment.success", "p3", &["tool"]);
    assert_eq!(
        ask(&host, "view_link", "u1", "tool").unwrap_err().status,
        404
    );
}
