//! The office: figures, what waits for a decision, and what the shop says of itself.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use super::Market;
use crate::shop;

const DASHBOARD: &str = "/api/admin/dashboard";
const PRODUCTS: &str = "/api/admin/products";
const SETTINGS: &str = "/api/admin/settings";

async fn dashboard(market: &Market) -> Value {
    market.settled().await;
    market.host.admin().get(DASHBOARD).await.json_of(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_tells_a_known_story() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let _ = market.applicant("Ada").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let lamp = market.sell(&vera, json!({ "price": 100 })).await;
    let _ = market.offer(&vera, json!({})).await;
    let bea = market.join("Bea").await;
    let _ = market.buy(&bea, &[(&tool, 1), (&lamp, 1)]).await;
    let back = market.buy(&bea, &[(&lamp, 2)]).await;
    market.settled().await;
    market.cancel(&bea, &back).await;
    market.until_refunded(&bea, &back).await;
    let path = format!("/api/downloads/{tool}/track");
    let _ = bea.actor.post(&path, &json!({})).await.expect(200);
    let mut seen = dashboard(&market).await;
    let days = seen["days"].take();
    assert_eq!(
        seen,
        json!({
            "totalUsers": 3, "totalVendors": 2, "totalProducts": 3, "totalOrders": 2,
            "totalRevenue": { "USD": 119.99 },
            "vendors": { "active": 1, "pending": 1 },
            "products": { "active": 2, "pending": 1 },
            "orders": { "processing": 1, "cancelled": 1 },
            "moderation": { "products": 1, "oldest": "2026-01-01T00:00:00.000Z", "vendors": 1 },
            "days": null,
        })
    );
    assert_eq!(days[0]["date"], "2026-01-01");
    let counts = &days[0]["counts"];
    for (name, count) in [
        ("sign-ups", 3),
        ("orders", 2),
        ("payments", 2),
        ("revenue-USD", 31_999),
        ("refunded-USD", 20_000),
        ("cancellations", 1),
        ("downloads", 1),
    ] {
        assert_eq!(counts[name], count, "{name} in {counts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_holds_exactly_what_waits_for_a_decision() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let waiting = async || dashboard(&market).await["moderation"].clone();
    let first = market.offer(&vera, json!({ "name": "First" })).await;
    market.host.clock.advance(1_000);
    let second = market.offer(&vera, json!({ "name": "Second" })).await;
    let draft = json!({ "name": "Draft", "status": "draft" });
    let draft = market.offer(&vera, draft).await;
    let since = "2026-01-01T00:00:00.000Z";
    assert_eq!(
        waiting().await,
        json!({ "products": 2, "oldest": since, "vendors": 0 })
    );
    let admin = market.host.admin();
    let list = admin.get(&format!("{PRODUCTS}?status=pending")).await;
    let names = |list: &Value| -> Vec<Value> {
        let products = list["products"].as_array().unwrap().iter();
        products.map(|product| product["name"].clone()).collect()
    };
    assert_eq!(names(&list.json_of(200)), ["Second", "First"]);

    // Its vendor offers the draft, and changes one that waits, which does not let it wait anew.
    market.host.clock.advance(1_000);
    let change = async |id: &str, members: Value| {
        let path = format!("/api/vendors/products/{id}");
        let changed = vera.actor.put(&path, &shop::product(members)).await;
        let _ = changed.expect(200);
    };
    change(&draft, json!({ "name": "Draft", "status": "pending" })).await;
    change(&first, json!({ "name": "First", "price": 5 })).await;
    let queue = waiting().await;
    assert_eq!(
        (&queue["products"], &queue["oldest"]),
        (&json!(3), &json!(since))
    );
    // Taken back, decided, decided against, deleted: none of them waits.
    change(&draft, json!({ "name": "Draft", "status": "draft" })).await;
    assert_eq!(waiting().await["products"], 2);
    for _ in 0..2 {
        market.approve("products", &first).await;
    }
    let reject = format!("{PRODUCTS}/{second}/reject");
    let refused = admin.post(&reject, &json!({ "reason": " " })).await;
    shop::assert_refused(refused, Some("reason"), "no reason");
    let reason = json!({ "reason": "Blurred." });
    let rejected = admin.post(&reject, &reason).await.json_of(200);
    assert_eq!(
        (&rejected["status"], &rejected["reason"]),
        (&json!("rejected"), &json!("Blurred."))
    );
    assert_eq!(
        waiting().await,
        json!({ "products": 0, "vendors": 0 }),
        "nobody waits"
    );
    let early = admin
        .post(&format!("{PRODUCTS}/{draft}/approve"), &json!({}))
        .await;
    let _ = early.problem(409, "invalid-status");
    // What was rejected is offered again.
    change(&second, json!({ "name": "Second", "status": "pending" })).await;
    assert_eq!(waiting().await["products"], 1);
    let path = format!("/api/vendors/products/{second}");
    let _ = vera.actor.delete(&path).await.expect(204);
    assert_eq!(waiting().await["products"], 0);
    let found = admin.get(&format!("{PRODUCTS}?search=first&limit=1")).await;
    let found = found.json_of(200);
    assert_eq!(
        (names(&found), &found["pagination"]),
        (
            vec![json!("First")],
            &json!({ "page": 1, "limit": 1, "total": 1, "pages": 1 })
        )
    );
    for (query, field) in [("status=sold", "status"), ("page=10002&limit=1", "page")] {
        let refused = admin.get(&format!("{PRODUCTS}?{query}")).await;
        shop::assert_refused(refused, Some(field), query);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_by_who_has_seen_them() {
    let market = Market::open().await;
    let admin = market.host.admin();
    let seen = admin.get(SETTINGS).await.json_of(200);
    assert_eq!(
        (&seen["version"], &seen["settings"]["siteName"]),
        (&json!(0), &json!(""))
    );
    let change =
        |name: &str, version: u64| json!({ "settings": { "siteName": name }, "version": version });
    let first = admin.put(SETTINGS, &change("Stoa", 0)).await.json_of(200);
    assert_eq!(
        (&first["updatedBy"], &first["settings"]["siteName"]),
        (&json!("admin"), &json!("Stoa"))
    );
    let version = first["version"].as_u64().unwrap();
    // Two who have seen the same: one of them has to look again.
    let (one, other) = tokio::join!(
        async { admin.put(SETTINGS, &change("One", version)).await },
        async { admin.put(SETTINGS, &change("Other", version)).await },
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    for late in [0, version] {
        let refused = admin.put(SETTINGS, &change("Late", late)).await;
        let problem = refused.problem(409, "version-mismatch");
        assert_eq!(problem["field"], "version");
    }
    for (body, field) in [
        (
            r#"{"settings":{"termsUrl":"ftp://x"}}"#,
            "settings.termsUrl",
        ),
        (
            r#"{"settings":{"supportEmail":"nowhere"}}"#,
            "settings.supportEmail",
        ),
        (r#"{"settings":{"taxRate":0}}"#, "settings.taxRate"),
    ] {
        let refused = admin.send(Method::PUT, SETTINGS, body).await;
        shop::assert_refused(refused, Some(field), body);
    }
    let name = admin.get(SETTINGS).await.json_of(200);
    let name = name["settings"]["siteName"].as_str().unwrap().to_owned();
    assert!(["One", "Other"].contains(&name.as_str()), "{name}");
    // What was read can be sent back, and what is not sent stays.
    let more = json!({ "settings": { "announcement": "Hello." } });
    let mut read = admin.put(SETTINGS, &more).await.json_of(200);
    assert_eq!(read["settings"]["siteName"], name);
    read["settings"]["siteName"] = json!("Again");
    let again = admin.put(SETTINGS, &read).await.json_of(200);
    assert_eq!(again["settings"]["announcement"], "Hello.");
    assert_eq!(again["settings"]["siteName"], "Again");
    let rival = market.rival("boss", Role::Admin).await;
    assert_eq!(rival.get(SETTINGS).await.json_of(200)["version"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_is_closed_to_everybody_else() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let product = market.offer(&vera, json!({})).await;
    let vendor = &vera.id;
    let rest = [
        (Method::GET, DASHBOARD.to_owned(), ""),
        (Method::GET, PRODUCTS.to_owned(), ""),
        (Method::GET, "/api/admin/vendors".to_owned(), ""),
        (Method::GET, SETTINGS.to_owned(), ""),
        (Method::PUT, SETTINGS.to_owned(), r#"{"settings":{}}"#),
        (Method::POST, format!("{PRODUCTS}/{product}/approve"), ""),
        (
            Method::POST,
            format!("{PRODUCTS}/{product}/reject"),
            r#"{"reason":"No."}"#,
        ),
        (
            Method::POST,
            format!("/api/admin/vendors/{vendor}/reject"),
            r#"{"reason":"No."}"#,
        ),
    ];
    let host = &market.host;
    for (method, path, body) in rest {
        let nobody = host.anonymous().send(method.clone(), &path, body).await;
        let _ = nobody.problem(401, "unauthenticated");
        for role in [Role::User, Role::Vendor, Role::Developer, Role::Viewer] {
            let somebody = host.account("somebody", role);
            let refused = somebody.send(method.clone(), &path, body).await;
            let _ = refused.problem(403, "forbidden");
        }
    }
    let rival = market.rival("boss", Role::Admin).await;
    for (action, body) in [("approve", ""), ("reject", r#"{"reason":"No."}"#)] {
        let path = format!("{PRODUCTS}/{{id}}/{action}");
        shop::looks_missing(&rival, Method::POST, &path, body, &product).await;
    }
    let seen = rival.get(DASHBOARD).await.json_of(200);
    assert_eq!(
        (&seen["totalProducts"], &seen["totalVendors"], &seen["days"]),
        (&json!(0), &json!(0), &json!([]))
    );
    let seen = vera.get(&format!("/api/products/{product}")).await;
    assert_eq!(seen["status"], "pending");
}
