//! Stories of counting, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use stoa_guest::testing::Host;

use crate::provided::analytics::{Error, Guest as _};
use crate::{Plugin, dispatch, dispatch_event};

/// The catalogue as these tests imagine it: products are named after their vendors, and `gone` is no longer on sale.
pub mod catalog {
    pub use crate::catalog::{Error, Money, Product};

    pub fn get_products(ids: &[String]) -> Result<Vec<Product>, Error> {
        let product = |id: &String| {
            let (vendor, _) = id.split_once('-')?;
            Some(Product {
                id: id.clone(),
                name: "Thing".into(),
                price: Money {
                    minor: 100,
                    currency: "USD".into(),
                },
                stock: None,
                vendor_id: vendor.into(),
                thumbnail: None,
                category: "things".into(),
                purchasable: true,
            })
        };
        Ok(ids.iter().filter_map(product).collect())
    }
}

fn host() -> Host {
    Host::of(include_str!("../plugin.toml"))
}

fn tell(host: &Host, name: &str, payload: &Value) {
    let event = host.event(name).json(payload);
    event.deliver(dispatch_event).unwrap();
}

fn seen(host: &Host, id: &str, role: &str, query: &str) -> Value {
    let request = host.request("view_days").account(id, role).query(query);
    request.send(dispatch).unwrap().json()["days"].clone()
}

fn payment() -> Value {
    json!({
        "paymentId": "p", "currency": "USD", "amountMinor": 3_500,
        "lines": [
            { "vendorId": "v1", "quantity": 2, "netMinor": 2_000 },
            { "vendorId": "v2", "quantity": 1, "netMinor": 1_000 },
        ],
    })
}

#[test]
fn every_event_of_the_manifest_counts_however_many_shares_it_is_spread_over() {
    let host = host();
    let manifest = stoa_guest_manifest();
    for _ in 0..20 {
        for name in &manifest {
            let mut told = payment();
            stoa_guest::merge_patch(
                &mut told,
                json!({ "totalMinor": 3_500, "vendorId": "v1", "counts": { "v1-a": 1 } }),
            );
            tell(&host, name, &told);
        }
    }
    let days = seen(&host, "a", "admin", "");
    assert_eq!(
        days,
        json!([{ "date": "2026-01-01", "counts": {
            "cancellations": 20, "downloads": 20, "failed-payments": 20, "ordered-USD": 70_000,
            "orders": 20, "partial-refunds": 20, "payments": 20, "products-added": 20, "products-changed": 20,
            "products-removed": 20, "refunded-USD": 140_000, "refunds": 20, "returns": 60,
            "revenue-USD": 70_000, "sales": 60, "sign-ins": 20, "sign-ups": 20,
            "views": 20,
        } }])
    );
}

/// The names of the events that the plugin handles.
fn stoa_guest_manifest() -> Vec<String> {
    let manifest = include_str!("../plugin.toml").lines();
    let names = manifest.filter_map(|line| line.strip_prefix("event = "));
    names.map(|name| name.trim_matches('"').into()).collect()
}

#[test]
fn parts_of_a_refund_are_its_money_and_only_all_of_it_its_pieces() {
    let host = host();
    tell(&host, "payment.success", &payment());
    // What each part is of the 35.00 that were paid, of the first vendor's 20.00 and of the second one's 10.00.
    for (name, all, first, second) in [
        ("payment.partially-refunded", 700, 400, 200),
        ("payment.partially-refunded", 1, 0, 0),
        ("payment.refunded", 2_799, 1_600, 800),
    ] {
        let mut told = payment();
        told["refundedMinor"] = json!(all);
        told["lines"][0]["refundedMinor"] = json!(first);
        told["lines"][1]["refundedMinor"] = json!(second);
        tell(&host, name, &told);
    }
    let counts = |id: &str, role: &str| seen(&host, id, role, "")[0]["counts"].clone();
    assert_eq!(
        counts("a", "admin"),
        json!({
            "payments": 1, "sales": 3, "revenue-USD": 3_500,
            "partial-refunds": 2, "refunds": 1, "returns": 3, "refunded-USD": 3_500,
        })
    );
    assert_eq!(
        counts("v1", "vendor"),
        json!({
            "payments": 1, "sales": 2, "revenue-USD": 2_000,
            "partial-refunds": 2, "refunds": 1, "returns": 2, "refunded-USD": 2_000,
        })
    );
}

#[test]
fn vendors_see_their_own_part() {
    let host = host();
    tell(&host, "payment.success", &payment());
    tell(
        &host,
        "download.started",
        &json!({ "productId": "p", "userId": "u" }),
    );
    let own = seen(&host, "v1", "vendor", "");
    assert_eq!(
        own,
        json!([{ "date": "2026-01-01", "counts": { "payments": 1, "revenue-USD": 2_000, "sales": 2 } }])
    );
    assert_eq!(seen(&host, "v3", "vendor", ""), json!([]));
}

#[test]
fn views_count_for_the_shop_and_for_whose_product_it_is() {
    let host = host();
    let views = |id: &str, role: &str| seen(&host, id, role, "")[0]["counts"]["views"].clone();
    for _ in 0..2 {
        let counts = json!({ "v1-a": 2, "v1-b": 3, "v2-a": 1, "gone": 4, "-ours": 5 });
        tell(&host, "catalog.viewed", &json!({ "counts": counts }));
    }
    assert_eq!(
        ["v1", "v2", "v3"].map(|vendor| views(vendor, "vendor")),
        [json!(10), json!(2), json!(null)]
    );
    assert_eq!(views("a", "admin"), 30);
    // As many as nobody can count.
    tell(
        &host,
        "catalog.viewed",
        &json!({ "counts": { "v1-a": u64::MAX, "v2-a": u64::MAX } }),
    );
    assert_eq!(views("a", "admin"), i64::MAX);
}

#[test]
fn a_period_is_at_most_a_year_of_real_days() {
    let host = host();
    tell(&host, "user.registered", &json!({}));
    host.advance(2 * 86_400_000);
    tell(&host, "user.registered", &json!({}));
    let days = |from: &str, to: &str| Plugin::days(from.into(), to.into(), None);
    let found = days("2026-01-01", "2026-01-03").unwrap();
    let dates: Vec<&str> = found.iter().map(|day| day.date.as_str()).collect();
    assert_eq!(dates, ["2026-01-01", "2026-01-03"]);
    assert_eq!(days("2026-01-02", "2026-01-02").unwrap(), []);
    assert_eq!(days("2026-01-01", "2027-01-01").unwrap().len(), 2);
    for (from, to) in [
        ("2026-01-01", "2027-01-02"),
        ("2026-01-02", "2026-01-01"),
        ("2026-02-30", "2026-03-01"),
        ("2026-1-1", "2026-01-02"),
        ("yesterday", "2026-01-02"),
        ("", ""),
    ] {
        assert!(
            matches!(days(from, to), Err(Error::Invalid(_))),
            "{from} to {to}"
        );
    }
}
