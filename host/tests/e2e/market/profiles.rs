//! People's own pages: what events have written there, and what they write themselves.

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::{Expiry, Store as _};
use tokio::task::JoinSet;

use super::Market;
use crate::shop;

const PROFILE: &str = "/api/users/profile";
const WISHLIST: &str = "/api/users/wishlist";
const SUBSCRIPTIONS: &str = "/api/users/subscriptions";
const PURCHASES: &str = "/api/users/purchases";

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_has_a_profile_from_that_moment() {
    let market = Market::open().await;
    let ada = market.join("Ada Lovelace").await;
    market.settled().await;
    // What is made only when somebody looks would be of this moment.
    market.host.clock.advance(60_000);
    let seen = ada.get(PROFILE).await;
    assert_eq!(
        (&seen["firstName"], &seen["lastName"], &seen["email"]),
        (&json!("Ada"), &json!("Lovelace"), &json!(ada.email))
    );
    assert_eq!(seen["createdAt"], "2026-01-01T00:00:00.000Z");
    assert_eq!(
        seen["preferences"],
        json!({
            "newsletter": false, "notifications": true, "language": "en", "currency": "USD", "theme": "system",
        })
    );
    let change = json!({ "company": "Engines", "preferences": { "language": "de" } });
    let _ = ada.actor.put(PROFILE, &change).await.expect(200);
    let change = json!({ "preferences": { "theme": "dark" } });
    let changed = ada.actor.put(PROFILE, &change).await.json_of(200);
    assert_eq!(
        changed["preferences"]["language"], "de",
        "what is absent stays"
    );
    assert_eq!(
        (
            &changed["company"],
            &changed["firstName"],
            &changed["preferences"]["theme"]
        ),
        (&json!("Engines"), &json!("Ada"), &json!("dark"))
    );
    for (body, field) in [
        (r#"{"website":"http://ada.example"}"#, "website"),
        (r#"{"avatar":"javascript:alert(1)"}"#, "avatar"),
        (r#"{"phone":7}"#, "phone"),
        (r#"{"role":"admin"}"#, "role"),
        (
            r#"{"preferences":{"currency":"dollars"}}"#,
            "preferences.currency",
        ),
        (r#"{"preferences":{"theme":"pink"}}"#, "preferences.theme"),
    ] {
        let refused = ada.actor.send(Method::PUT, PROFILE, body).await;
        shop::assert_refused(refused, Some(field), body);
    }
    assert_eq!(ada.get(PROFILE).await, changed);
    // What was read can be sent back.
    let mut read = changed;
    read["lastName"] = json!("Byron");
    read["company"] = json!(null);
    let sent_back = ada.actor.put(PROFILE, &read).await.json_of(200);
    assert_eq!(
        (
            &sent_back["name"],
            &sent_back["company"],
            &sent_back["profile"]
        ),
        (
            &json!("Ada Byron"),
            &json!(""),
            &json!({ "firstName": "Ada", "lastName": "Byron" })
        )
    );
    let bob = market.join("Bob").await;
    assert_eq!(bob.get(PROFILE).await["firstName"], "Bob");
    let nobody = market.host.anonymous().get(PROFILE).await;
    let _ = nobody.problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_in_its_buyers_history() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market
        .sell(&vera, json!({ "name": "Lamp", "price": 12.5 }))
        .await;
    let (bea, ben) = (market.join("Bea").await, market.join("Ben").await);
    let mut orders = Vec::new();
    for quantity in 1..=3 {
        orders.push(market.order(&bea, &[(&lamp, quantity)]).await);
        market.host.clock.advance(1_000);
    }
    market.settled().await;
    orders.reverse();
    let list = bea.get(PURCHASES).await;
    let purchases = list["purchases"].as_array().unwrap();
    let ids =
        |list: &[Value]| -> Vec<Value> { list.iter().map(|one| one["orderId"].clone()).collect() };
    assert_eq!(json!(ids(purchases)), json!(orders));
    let newest = &purchases[0];
    assert_eq!(
        (&newest["total"], &newest["currency"], &newest["items"]),
        (
            &json!(37.5),
            &json!("USD"),
            &json!([{ "productId": lamp, "name": "Lamp", "quantity": 3 }])
        )
    );
    let first = bea.get(&format!("{PURCHASES}?limit=2")).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = bea
        .get(&format!("{PURCHASES}?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(
        json!(ids(rest["purchases"].as_array().unwrap())),
        json!([orders[2]])
    );
    let second = bea.get(&format!("{PURCHASES}?limit=2&page=2")).await;
    assert_eq!(
        (&second["items"], &second["total"]),
        (&rest["purchases"], &json!(3))
    );
    let bad = bea.actor.get(&format!("{PURCHASES}?cursor=garbage")).await;
    shop::assert_refused(bad, Some("cursor"), "cursor=garbage");
    assert_eq!(ben.get(PURCHASES).await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wishlist_holds_what_can_be_bought() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market.sell(&vera, json!({ "name": "Lamp" })).await;
    let desk = market.sell(&vera, json!({ "name": "Desk" })).await;
    let hidden = market.offer(&vera, json!({ "name": "Draft" })).await;
    let (bea, ben) = (market.join("Bea").await, market.join("Ben").await);
    for (product, count) in [(&lamp, 1), (&desk, 2), (&lamp, 2)] {
        let wish = json!({ "productId": product });
        let list = bea.actor.post(WISHLIST, &wish).await.json_of(200);
        assert_eq!(list["count"], count);
    }
    for unknown in [hidden.as_str(), "nothing"] {
        let wish = json!({ "productId": unknown });
        let refused = bea.actor.post(WISHLIST, &wish).await;
        let _ = refused.problem(404, "not-found");
    }
    let list = bea.get(WISHLIST).await;
    assert_eq!(
        (&list["items"][0]["name"], &list["items"][0]["price"]),
        (&json!("Desk"), &json!(100))
    );
    let gone = format!("/api/vendors/products/{desk}");
    let _ = vera.actor.delete(&gone).await.expect(204);
    let list = bea.get(WISHLIST).await;
    assert_eq!(
        (
            &list["items"][0]["available"],
            &list["items"][1]["available"]
        ),
        (&json!(false), &json!(true))
    );
    let path = format!("{WISHLIST}/{desk}");
    let stranger = ben.actor.delete(&path).await;
    let _ = stranger.problem(404, "not-found");
    assert_eq!(bea.actor.delete(&path).await.json_of(200)["count"], 1);
    let _ = bea.actor.delete(&path).await.problem(404, "not-found");
    assert_eq!(ben.get(WISHLIST).await["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_made_once_and_ended_by_its_owner() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let lamp = market.sell(&vera, json!({})).await;
    let (bea, ben) = (market.join("Bea").await, market.join("Ben").await);
    let wish = json!({ "type": "product", "targetId": lamp });
    let made = bea.actor.post(SUBSCRIPTIONS, &wish).await.json_of(201);
    assert_eq!(
        (&made["status"], &made["targetId"]),
        (&json!("active"), &json!(lamp))
    );
    let twice = bea.actor.post(SUBSCRIPTIONS, &wish).await;
    let _ = twice.problem(409, "already-subscribed");
    let _ = ben.actor.post(SUBSCRIPTIONS, &wish).await.expect(201);
    let letters = json!({ "type": "newsletter" });
    let _ = bea.actor.post(SUBSCRIPTIONS, &letters).await.expect(201);
    for (body, status) in [
        (json!({ "type": "product", "targetId": "nothing" }), 404),
        (json!({ "type": "vendor", "targetId": ben.id }), 404),
        (json!({ "type": "product" }), 400),
        (json!({ "type": "newsletter", "targetId": "x" }), 400),
        (json!({ "type": "gold" }), 400),
    ] {
        let refused = bea.actor.post(SUBSCRIPTIONS, &body).await;
        let _ = refused.expect(status);
    }
    let seller = json!({ "type": "vendor", "targetId": vera.id });
    let _ = bea.actor.post(SUBSCRIPTIONS, &seller).await.expect(201);
    assert_eq!(bea.get(SUBSCRIPTIONS).await["total"], 3);
    let path = format!("{SUBSCRIPTIONS}/{{id}}");
    let id = shop::id(&made);
    shop::looks_missing(&ben.actor, Method::DELETE, &path, "", &id).await;
    let path = path.replace("{id}", &id);
    let _ = bea.actor.delete(&path).await.expect(204);
    let _ = bea.actor.delete(&path).await.problem(404, "not-found");
    assert_eq!(bea.get(SUBSCRIPTIONS).await["total"], 2);
}

/// Those that are made at once do not overlook each other.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_than_two_hundred_subscriptions() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let bea = market.join("Bea").await;
    let main = TenantId::parse("main").unwrap();
    let kept = CollectionName::new("profiles", "subscriptions");
    let unit = market.host.store.begin(&main).await.unwrap();
    for number in 0..198 {
        let (id, target) = (format!("s{number}"), format!("v{number}"));
        let earlier =
            json!({ "user_id": bea.id, "kind": "vendor", "target": target, "created_at": 0 });
        let put = unit.put(&kept, &id, None, earlier, Expiry::Never);
        put.await.unwrap();
    }
    unit.commit().await.unwrap();
    let mut lamps = Vec::new();
    for _ in 0..6 {
        lamps.push(market.sell(&vera, json!({})).await);
    }
    let mut asking = JoinSet::new();
    for lamp in lamps {
        let wish = json!({ "type": "product", "targetId": lamp });
        let actor = bea.actor.clone();
        asking.spawn(async move { actor.post(SUBSCRIPTIONS, &wish).await.status.as_u16() });
    }
    let mut statuses = asking.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 422, 422, 422, 422]);
    assert_eq!(bea.get(SUBSCRIPTIONS).await["total"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_what_concerns_one_at_a_glance() {
    let market = Market::open().await;
    let vera = market.vendor("Vera").await;
    let tool = market.sell_tool(&vera, json!({})).await;
    let lamp = market.sell(&vera, json!({})).await;
    let bea = market.join("Bea").await;
    let bought = market.buy(&bea, &[(&tool, 1)]).await;
    market.host.clock.advance(1_000);
    let waiting = market.order(&bea, &[(&lamp, 1)]).await;
    market.host.clock.advance(1_000);
    let lost = market.order(&bea, &[(&lamp, 5)]).await;
    market.cancel(&bea, &lost).await;
    let wish = json!({ "productId": lamp });
    let _ = bea.actor.post(WISHLIST, &wish).await.expect(200);
    market.settled().await;
    let seen = bea.get("/api/users/dashboard").await;
    assert_eq!(
        (&seen["totalOrders"], &seen["totalSpent"]),
        (&json!(3), &json!({ "USD": 19.99 })),
        "what is cancelled, or not paid yet, costs nothing"
    );
    assert_eq!(
        (&seen["totalDownloads"], &seen["wishlistCount"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        shop::ids(&json!({ "items": seen["recentOrders"] })),
        [lost, waiting, bought]
    );
    assert_eq!(seen["recentDownloads"][0]["productId"], tool.as_str());
    let other = market.join("Ben").await.get("/api/users/dashboard").await;
    assert_eq!(
        (&other["totalOrders"], &other["recentOrders"]),
        (&json!(0), &json!([]))
    );
}
