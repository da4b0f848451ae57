//! Stories of the office, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

pub mod shop;

use serde_json::{Value, json};
use stoa_guest::Result;
use stoa_guest::testing::{Host, Person};

use crate::{dispatch, dispatch_event};

fn host() -> Host {
    Host::of(include_str!("../../plugin.toml"))
}

fn ask(host: &Host, handler: &str, id: &str, body: &Value) -> Result<Value> {
    let request = host.request(handler).account("a", "admin").param("id", id);
    request
        .json(body)
        .send(dispatch)
        .map(|answer| answer.json())
}

fn tell(host: &Host, name: &str, product: &str, status: &str) {
    let told = json!({ "productId": product, "vendorId": "v1", "status": status, "name": "Thing" });
    let event = host.event(name).key(product).json(&told);
    event.deliver(dispatch_event).unwrap();
}

#[test]
fn the_dashboard_adds_up() {
    let host = host();
    host.person(Person {
        id: "u1".into(),
        email: "u1@example.com".into(),
        name: "U".into(),
        role: "user".into(),
        email_verified: true,
        joined_at_ms: 0,
    });
    tell(&host, "product.uploaded", "p1", "pending");
    host.advance(1_000);
    tell(&host, "product.uploaded", "p2", "pending");
    let seen = ask(&host, "view_dashboard", "", &json!({})).unwrap();
    assert_eq!(
        seen,
        json!({
            "totalUsers": 1, "totalVendors": 3, "totalProducts": 41, "totalOrders": 8,
            "totalRevenue": { "USD": 50.5, "JPY": 700 },
            "vendors": { "active": 2, "pending": 1 },
            "products": { "active": 40, "pending": 1 },
            "orders": { "cancelled": 4, "completed": 3, "pending": 1 },
            "moderation": { "products": 2, "oldest": "2026-01-01T00:00:00.000Z", "vendors": 1 },
            "days": [{ "date": "2026-01-01", "counts": { "orders": 3 } }],
        })
    );
}

#[test]
fn the_queue_holds_what_waits_for_a_decision() {
    let host = host();
    let waiting = || {
        let seen = ask(&host, "view_dashboard", "", &json!({})).unwrap();
        seen["moderation"]["products"].clone()
    };
    for id in ["p1", "p2", "p3"] {
        tell(&host, "product.created", id, "pending");
        tell(&host, "product.uploaded", id, "pending");
    }
    // An administrator adds what waits, and what is on sale at once.
    tell(&host, "product.created", "p4", "pending");
    tell(&host, "product.created", "p6", "active");
    // A vendor's draft waits for its vendor.
    tell(&host, "product.uploaded", "p5", "draft");
    assert_eq!(waiting(), 4);
    let _ = ask(&host, "approve_product", "p1", &json!({})).unwrap();
    let _ = ask(&host, "reject_product", "p2", &json!({ "reason": "No." })).unwrap();
    tell(&host, "product.deleted", "p3", "pending");
    tell(&host, "product.approved", "p4", "active");
    assert_eq!(waiting(), 0);
}

#[test]
fn decisions_are_carried_out_by_those_whom_they_concern() {
    let host = host();
    let no = json!({ "reason": "No." });
    for (handler, id, body, told, shown) in [
        ("approve_vendor", "v1", json!({}), "approved", "active"),
        ("reject_vendor", "v1", no.clone(), "rejected", "rejected"),
        ("approve_product", "p1", json!({}), "active", "active"),
        ("reject_product", "p1", no, "rejected", "rejected"),
    ] {
        shop::decisions();
        assert_eq!(ask(&host, handler, id, &body).unwrap()["status"], shown);
        assert_eq!(shop::decisions(), [format!("{told} {id}")]);
        assert_eq!(
            ask(&host, handler, "missing", &body).unwrap_err().status,
            404
        );
    }
    for (handler, id) in [("approve_vendor", "rejected"), ("approve_product", "draft")] {
        let refused = ask(&host, handler, id, &json!({})).unwrap_err();
        assert_eq!(
            (refused.status, refused.code.as_str()),
            (409, "invalid-status")
        );
    }
    for handler in ["reject_vendor", "reject_product"] {
        for body in [json!({}), json!({ "reason": "" })] {
            assert_eq!(
                ask(&host, handler, "x", &body).unwrap_err().status,
                400,
                "{handler}"
            );
        }
    }
}

#[test]
fn lists_are_paged() {
    let host = host();
    let list = |handler: &str, query: &str| {
        let request = host.request(handler).account("a", "admin").query(query);
        request.send(dispatch).map(|answer| answer.json())
    };
    let products = list("list_products", "status=pending&page=2&limit=20").unwrap();
    assert_eq!(products["products"][0]["status"], "pending");
    assert_eq!(products["products"][0]["price"], 12.5);
    assert_eq!(
        products["pagination"],
        json!({ "page": 2, "limit": 20, "total": 41, "pages": 3 })
    );
    assert_eq!(
        (&products["items"], &products["total"]),
        (&products["products"], &json!(41))
    );
    for status in ["active", "approved"] {
        let vendors = list("list_vendors", &format!("status={status}")).unwrap();
        assert_eq!(vendors["items"][0]["status"], "active");
    }
    let vendors = list("list_vendors", "").unwrap();
    assert_eq!(vendors["items"], vendors["vendors"]);
    assert_eq!(
        vendors["pagination"],
        json!({ "page": 1, "limit": 20, "total": 3, "pages": 1 })
    );
    for (handler, query) in [
        ("list_products", "status=great"),
        ("list_vendors", "status=great"),
        ("list_vendors", "page=100000"),
        ("list_products", "colour=red"),
    ] {
        assert_eq!(
            list(handler, query).unwrap_err().status,
            400,
            "{handler} {query}"
        );
    }
}

#[test]
fn settings_are_changed_by_who_has_seen_them() {
    let host = host();
    let change = |body: Value| ask(&host, "change_settings", "", &body);
    let seen = || ask(&host, "view_settings", "", &json!({})).unwrap();
    assert_eq!(
        (
            seen()["version"].clone(),
            seen()["settings"]["siteName"].clone()
        ),
        (json!(0), json!(""))
    );
    let first = change(json!({ "settings": { "siteName": "Shop" }, "version": 0 })).unwrap();
    assert_eq!(
        (first["version"].clone(), first["updatedBy"].clone()),
        (json!(1), json!("a"))
    );
    for stale in [0, 2] {
        let refused = change(json!({ "settings": {}, "version": stale })).unwrap_err();
        assert_eq!(refused.code, "version-mismatch");
    }
    let _ = change(json!({ "settings": { "siteName": "Other" }, "version": 1 })).unwrap();
    let _ = change(json!({ "settings": { "siteName": "Whatever" } })).unwrap();
    assert_eq!(seen()["settings"]["siteName"], "Whatever");
    for (wrong, field) in [
        (
            json!({ "termsUrl": "http://shop.example" }),
            "settings.termsUrl",
        ),
        (json!({ "supportEmail": "nobody" }), "settings.supportEmail"),
        (json!({ "siteName": "x".repeat(255) }), "settings.siteName"),
        (json!({ "password": "x" }), "settings.password"),
    ] {
        let refused = change(json!({ "settings": wrong })).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field))
        );
    }
}

#[test]
fn settings_can_be_sent_back_as_they_were_read_and_what_is_not_sent_stays() {
    let host = host();
    let change = |body: Value| ask(&host, "change_settings", "", &body);
    let seen = || ask(&host, "view_settings", "", &json!({})).unwrap();
    assert_eq!(change(seen()).unwrap()["version"], 1, "nothing is set yet");
    let _ = change(json!({ "settings": { "siteName": "Shop", "announcement": "Hello." } }));
    let old = seen();
    host.advance(1_000);
    let _ = change(json!({ "settings": { "supportEmail": "help@shop.example" } })).unwrap();
    let mut read = seen();
    assert_eq!(
        (
            &read["settings"]["siteName"],
            &read["settings"]["announcement"]
        ),
        (&json!("Shop"), &json!("Hello."))
    );
    read["settings"]["siteName"] = json!("Other");
    read["settings"]["announcement"] = json!(null);
    let after = change(read).unwrap();
    assert_eq!(
        after["settings"],
        json!({
            "siteName": "Other", "supportEmail": "help@shop.example", "announcement": "", "termsUrl": "", "privacyUrl": "",
        })
    );
    // Who sends back what has changed since learns that, rather than that the time is another.
    assert_eq!(change(old).unwrap_err().code, "version-mismatch");
    for (wrong, field) in [
        (
            json!({ "updatedAt": "2020-01-01T00:00:00.000Z" }),
            "updatedAt",
        ),
        (json!({ "updatedBy": "somebody" }), "updatedBy"),
        (json!({ "colour": "red" }), "colour"),
        (json!({ "version": "1" }), "version"),
    ] {
        let refused = change(wrong).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field))
        );
    }
}
