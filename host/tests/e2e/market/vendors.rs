//! Who sells: from a registration to the right to sell, and back.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::identity::Role;

use super::Market;
use crate::shop;

const PROFILE: &str = "/api/vendors/profile";

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_sells_once_an_administrator_has_approved() {
    let market = Market::open().await;
    let ada = market.join("Ada").await;
    let none = ada.actor.get("/api/vendors/registration").await;
    let _ = none.problem(404, "not-found");
    let _ = market.applicant("Bob").await;
    let new = json!({ "name": " Ada's ", "website": "https://ada.example" });
    let made = ada.actor.post("/api/vendors/register", &new).await;
    let made = made.json_of(201);
    assert_eq!(
        (&made["name"], &made["status"], &made["verified"]),
        (&json!("Ada's"), &json!("pending"), &json!(false))
    );
    assert_eq!(made["email"], "ada@example.com", "the account's own");
    let again = ada.actor.post("/api/vendors/register", &new).await;
    let _ = again.problem(409, "already-registered");
    // Whoever waits sells nothing, and has none of a vendor's pages.
    market.settled().await;
    let waiting = market.again(&ada).await;
    for path in [PROFILE, "/api/vendors/earnings", "/api/vendors/products"] {
        let _ = waiting.actor.get(path).await.problem(403, "forbidden");
    }
    let admin = market.host.admin();
    let queue = admin.get("/api/admin/vendors?status=pending").await;
    assert_eq!(queue.json_of(200)["pagination"]["total"], 2);

    for _ in 0..2 {
        market.approve("vendors", &ada.id).await;
    }
    market.settled().await;
    let vera = market.again(&ada).await;
    let seen = vera.get(PROFILE).await;
    assert_eq!(
        (&seen["status"], &seen["verified"], &seen["productsCount"]),
        (&json!("active"), &json!(true), &json!(0))
    );
    let product = market.sell(&vera, json!({ "name": "Lamp" })).await;
    let shown = market.host.anonymous();
    let shown = shown.get(&format!("/api/products/{product}")).await;
    assert_eq!(shown.json_of(200)["vendorId"], ada.id.as_str());
    assert_eq!(vera.get(PROFILE).await["productsCount"], 1);
    for status in ["active", "approved"] {
        let path = format!("/api/admin/vendors?status={status}");
        let active = admin.get(&path).await.json_of(200);
        assert_eq!(shop_names(&active), ["Ada's"]);
        assert_eq!(active["vendors"][0]["status"], "active");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_profile_is_its_own_to_change() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let change = json!({ "description": "Lamps.", "phone": "+44 20" });
    let changed = vera.actor.put(PROFILE, &change).await.json_of(200);
    assert_eq!(
        (&changed["name"], &changed["description"]),
        (&json!("Vera & Co"), &json!("Lamps."))
    );
    for (body, field) in [
        (r#"{"name":"  "}"#, "name"),
        (r#"{"email":"nowhere"}"#, "email"),
        (r#"{"website":"http://vera.example"}"#, "website"),
        (r#"{"avatar":"//evil.example/x.png"}"#, "avatar"),
        (r#"{"status":"pending"}"#, "status"),
    ] {
        let refused = vera.actor.send(Method::PUT, PROFILE, body).await;
        shop::assert_refused(refused, Some(field), body);
    }
    assert_eq!(vera.get(PROFILE).await, changed);
    // What was read can be sent back; what was left empty is gone.
    let mut read = changed;
    read["phone"] = json!("");
    let sent_back = vera.actor.put(PROFILE, &read).await.json_of(200);
    assert_eq!(
        (sent_back.get("phone"), &sent_back["description"]),
        (None, &json!("Lamps."))
    );
    // In another tenant the same account is another vendor, of whom nobody knows anything.
    let rival = market.rival(&vera.id, Role::Vendor).await;
    let unknown = rival.get("/api/vendors/registration").await;
    let _ = unknown.problem(404, "not-found");
    let seen = rival.get(PROFILE).await.json_of(200);
    assert_eq!(
        (&seen["description"], &seen["totalRevenue"]),
        (&json!(""), &json!(0))
    );
    let earned = rival.get("/api/vendors/earnings").await.json_of(200);
    assert_eq!(
        (&earned["balances"], &earned["total"]),
        (&json!([]), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sells_and_is_refused_is_suspended_until_an_administrator_says_otherwise() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let admin = market.host.admin();
    let decide = async |word: &str, body: Value| {
        let path = format!("/api/admin/vendors/{}/{word}", vera.id);
        admin.post(&path, &body).await.json_of(200)["status"].clone()
    };
    let reason = json!({ "reason": "Complaints." });
    assert_eq!(decide("reject", reason).await, "suspended");
    let registration = vera.get("/api/vendors/registration").await;
    assert_eq!(
        (&registration["status"], &registration["reason"]),
        (&json!("suspended"), &json!("Complaints."))
    );
    let again = vera
        .actor
        .post("/api/vendors/register", &json!({ "name": "New" }))
        .await;
    let _ = again.problem(409, "already-registered");
    assert_eq!(decide("approve", json!({})).await, "active");
    market.settled().await;
    let back = market.again(&vera).await;
    assert_eq!(back.get(PROFILE).await["status"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_rejected_learns_why_and_may_ask_again() {
    let market = Market::open().await;
    let ada = market.applicant("Ada").await;
    let admin = market.host.admin();
    let reject = format!("/api/admin/vendors/{}/reject", ada.id);
    for reason in [" ", &"x".repeat(501)] {
        let refused = admin.post(&reject, &json!({ "reason": reason })).await;
        shop::assert_refused(refused, Some("reason"), reason);
    }
    let reason = json!({ "reason": "No address." });
    let rejected = admin.post(&reject, &reason).await.json_of(200);
    assert_eq!(rejected["status"], "rejected");
    let seen = ada.get("/api/vendors/registration").await;
    assert_eq!(
        (&seen["status"], &seen["reason"]),
        (&json!("rejected"), &json!("No address."))
    );
    let approve = format!("/api/admin/vendors/{}/approve", ada.id);
    let late = admin.post(&approve, &json!({})).await;
    let _ = late.problem(409, "invalid-status");
    market.settled().await;
    let still = market.again(&ada).await;
    let _ = still.actor.get(PROFILE).await.problem(403, "forbidden");

    let new = json!({ "name": "Ada again" });
    let made = ada.actor.post("/api/vendors/register", &new).await;
    assert_eq!(made.json_of(201)["status"], "pending");
    market.approve("vendors", &ada.id).await;
    market.settled().await;
    let vera = market.again(&ada).await;
    assert_eq!(vera.get(PROFILE).await["status"], "active");
    // What was given can be taken again, with the next token.
    let _ = admin.post(&reject, &reason).await.expect(200);
    market.settled().await;
    let was = market.again(&ada).await;
    let _ = was.actor.get(PROFILE).await.problem(403, "forbidden");
    let payout = json!({ "amount": 50, "currency": "USD" });
    let late = vera.actor.post("/api/vendors/payouts", &payout).await;
    let _ = late.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_vendors_look_missing() {
    let market = Market::open().await;
    let ada = market.applicant("Ada").await;
    let rival = market.rival("boss", Role::Admin).await;
    for (action, body) in [("approve", ""), ("reject", r#"{"reason":"No."}"#)] {
        let path = format!("/api/admin/vendors/{{id}}/{action}");
        shop::looks_missing(&rival, Method::POST, &path, body, &ada.id).await;
        let path = path.replace("{id}", &ada.id);
        let mine = ada.actor.send(Method::POST, &path, body).await;
        let _ = mine.problem(403, "forbidden");
    }
    let seen = rival.get("/api/admin/vendors").await.json_of(200);
    assert_eq!(seen["pagination"]["total"], 0);
    let seen = ada.get("/api/vendors/registration").await;
    assert_eq!(seen["status"], "pending");
}

fn shop_names(list: &Value) -> Vec<&str> {
    let vendors = list["vendors"].as_array().unwrap().iter();
    vendors
        .map(|vendor| vendor["name"].as_str().unwrap())
        .collect()
}
