//! Stories of people, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod personal;
pub mod shop;

use serde_json::{Value, json};
use stoa_guest::Result;
use stoa_guest::testing::{Host, Person};

use crate::subscriptions::SUBSCRIBERS;
use crate::{dispatch, dispatch_event};

fn host() -> Host {
    let host = Host::of(include_str!("../../plugin.toml"));
    host.person(Person {
        id: "u1".into(),
        email: "ann@example.com".into(),
        name: "Ann Lee".into(),
        role: "user".into(),
        email_verified: true,
        joined_at_ms: 0,
    });
    host
}

fn ask(host: &Host, handler: &str, id: &str, body: &Value) -> Result<Value> {
    let request = host.request(handler).user("u1").param("id", id);
    request
        .json(body)
        .send(dispatch)
        .map(|answer| answer.json())
}

#[test]
fn a_profile_is_there_from_the_beginning() {
    let host = host();
    let seen = ask(&host, "view_profile", "", &json!({})).unwrap();
    assert_eq!(
        (seen["firstName"].clone(), seen["lastName"].clone()),
        (json!("Ann"), json!("Lee"))
    );
    assert_eq!(
        (seen["email"].clone(), seen["name"].clone()),
        (json!("ann@example.com"), json!("Ann Lee"))
    );
    assert_eq!(seen["preferences"]["notifications"], true);
    let joined = json!({ "userId": "u1", "name": "Ann Lee", "email": "ann@example.com" });
    let join = || {
        host.event("user.registered")
            .json(&joined)
            .deliver(dispatch_event)
            .unwrap()
    };
    join();
    let changed = ask(
        &host,
        "change_profile",
        "",
        &json!({ "firstName": "Anna", "company": "Co" }),
    );
    assert_eq!(changed.unwrap()["lastName"], "Lee");
    // Told again, it takes nothing back.
    join();
    assert_eq!(
        ask(&host, "view_profile", "", &json!({})).unwrap()["firstName"],
        "Anna"
    );
}

#[test]
fn a_profile_takes_what_makes_sense() {
    let host = host();
    for (change, field) in [
        (json!({ "firstName": "x".repeat(255) }), "firstName"),
        (json!({ "bio": "x".repeat(2_001) }), "bio"),
        (json!({ "website": "javascript:alert(1)" }), "website"),
        (json!({ "avatar": "//evil.example/a.png" }), "avatar"),
        (json!({ "avatar": "/\\evil.example/a.png" }), "avatar"),
        (json!({ "avatar": "data:text/html,x" }), "avatar"),
        (json!({ "website": "https://a.example/\n/b" }), "website"),
        (json!({ "phone": "+44\r\n20" }), "phone"),
        (json!({ "company": "a\u{0}b" }), "company"),
        (
            json!({ "profile": { "lastName": "a\u{1b}[0m" } }),
            "lastName",
        ),
        (json!({ "bio": "a\u{7}b" }), "bio"),
        (
            json!({ "preferences": { "theme": "pink" } }),
            "preferences.theme",
        ),
        (
            json!({ "preferences": { "currency": "usd" } }),
            "preferences.currency",
        ),
        (
            json!({ "preferences": { "language": "e n" } }),
            "preferences.language",
        ),
        (json!({ "role": "admin" }), "role"),
    ] {
        let refused = ask(&host, "change_profile", "", &change).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field)),
            "{change}"
        );
    }
    let good = json!({
        "avatar": "/media/a.png", "bio": "Two\nlines.", "company": " Lee & Co ",
        "preferences": { "theme": "dark", "newsletter": true },
    });
    let seen = ask(&host, "change_profile", "", &good).unwrap();
    assert_eq!(
        (&seen["bio"], &seen["company"]),
        (&json!("Two\nlines."), &json!("Lee & Co"))
    );
    assert_eq!(
        (
            seen["preferences"]["theme"].clone(),
            seen["preferences"]["currency"].clone()
        ),
        (json!("dark"), json!("USD"))
    );
}

#[test]
fn what_was_read_of_a_profile_can_be_sent_back_and_null_removes() {
    let host = host();
    let change = json!({ "company": "Lee & Co", "preferences": { "theme": "dark" } });
    ask(&host, "change_profile", "u1", &change).unwrap();
    let mut read = ask(&host, "view_profile", "u1", &json!({})).unwrap();
    read["company"] = json!(null);
    read["firstName"] = json!("Eva");
    let after = ask(&host, "change_profile", "u1", &read).unwrap();
    assert_eq!(
        (
            &after["company"],
            &after["name"],
            &after["preferences"]["theme"]
        ),
        (&json!(""), &json!("Eva Lee"), &json!("dark"))
    );
    let other = ask(&host, "change_profile", "u1", &json!({ "role": "admin" }));
    assert_eq!(other.unwrap_err().field.as_deref(), Some("role"));
}

#[test]
fn one_may_be_told_and_changed_as_one_shops_clients_know_it() {
    let host = host();
    let seen = ask(&host, "view_profile", "", &json!({})).unwrap();
    assert_eq!(
        seen["profile"],
        json!({ "firstName": "Ann", "lastName": "Lee" })
    );
    let change = |change: Value| ask(&host, "change_profile", "", &change);
    let seen = change(json!({ "profile": { "phone": "+44 20", "lastName": "Ray" } })).unwrap();
    assert_eq!(
        (&seen["phone"], &seen["lastName"], &seen["name"]),
        (&json!("+44 20"), &json!("Ray"), &json!("Ann Ray"))
    );
    let mut read = seen.clone();
    read["phone"] = json!("+44 21");
    assert_eq!(
        change(read.clone()).unwrap()["profile"]["phone"],
        "+44 21",
        "what was read of the other one is no change"
    );
    let seen = change(json!({ "profile": { "phone": null } })).unwrap();
    assert_eq!(
        (&seen["phone"], seen["profile"].get("phone")),
        (&json!(""), None)
    );
    let both = json!({ "company": "Co", "profile": { "company": "Co" } });
    assert_eq!(change(both).unwrap()["company"], "Co");
    for (wrong, field) in [
        (
            json!({ "company": "A", "profile": { "company": "B" } }),
            "profile.company",
        ),
        (json!({ "profile": { "bio": "x" } }), "profile.bio"),
        (json!({ "profile": { "phone": 7 } }), "profile.phone"),
        (json!({ "profile": 7 }), "profile"),
    ] {
        let refused = change(wrong.clone()).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field)),
            "{wrong}"
        );
    }
}

#[test]
fn a_name_is_the_accounts_until_it_is_changed_here() {
    let host = host();
    let joined = json!({ "userId": "u1", "name": "Ann Bell" });
    let event = host.event("user.registered").json(&joined);
    event.deliver(dispatch_event).unwrap();
    let change = |change: Value| ask(&host, "change_profile", "", &change).unwrap();
    let seen = change(json!({ "company": "Co" }));
    assert_eq!(
        (&seen["name"], &seen["lastName"]),
        (&json!("Ann Lee"), &json!("Bell"))
    );
    assert_eq!(change(json!({ "firstName": "Eva" }))["name"], "Eva Bell");
    let nobody = change(json!({ "firstName": null, "lastName": null }));
    assert_eq!(nobody["name"], "Ann Lee");
}

#[test]
fn a_first_name_of_two_words_stays_one() {
    let host = host();
    for (account, event, expected) in [
        (
            "a",
            json!({ "name": "Anna Maria von Berg", "firstName": "Anna Maria" }),
            ("Anna Maria", "von Berg"),
        ),
        ("b", json!({ "name": "Ann Lee" }), ("Ann", "Lee")),
        (
            "c",
            json!({ "name": "Ann", "firstName": "Ann" }),
            ("Ann", ""),
        ),
        (
            "d",
            json!({ "name": "Berg Anna", "firstName": "Anna" }),
            ("Berg", "Anna"),
        ),
    ] {
        let mut joined = event;
        joined["userId"] = json!(account);
        let event = host.event("user.registered").source("host").json(&joined);
        event.deliver(crate::dispatch_event).unwrap();
        let seen = host.request("view_profile").user(account).send(dispatch);
        let seen = seen.unwrap().json();
        assert_eq!(
            (&seen["firstName"], &seen["lastName"]),
            (&json!(expected.0), &json!(expected.1))
        );
    }
}

#[test]
fn a_wishlist_holds_products_once_newest_first() {
    let host = host();
    let add = |id: &str| ask(&host, "add_wish", "", &json!({ "productId": id }));
    assert_eq!(add("missing").unwrap_err().status, 404);
    for id in ["p1", "p-out", "p1"] {
        let _ = add(id).unwrap();
        host.advance(1);
    }
    let seen = ask(&host, "view_wishlist", "", &json!({})).unwrap();
    assert_eq!(seen["count"], 2);
    let shown: Vec<_> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["id"].clone(),
                item["available"].clone(),
                item["price"].clone(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (json!("p-out"), json!(false), json!(12.5)),
            (json!("p1"), json!(true), json!(12.5)),
        ]
    );
    assert_eq!(
        ask(&host, "remove_wish", "p1", &json!({})).unwrap()["count"],
        1
    );
    assert_eq!(
        ask(&host, "remove_wish", "p1", &json!({}))
            .unwrap_err()
            .status,
        404
    );
    for number in 0..99 {
        let _ = add(&format!("p{number}")).unwrap();
    }
    assert_eq!(add("p-more").unwrap_err().status, 422);
    let others = host
        .request("view_wishlist")
        .user("u2")
        .send(dispatch)
        .unwrap();
    assert_eq!(others.json()["count"], 0);
}

#[test]
fn subscriptions_are_ones_own_and_made_once() {
    let host = host();
    let subscribe = |body: Value| ask(&host, "subscribe", "", &body);
    let made = subscribe(json!({ "type": "product", "targetId": "p1" })).unwrap();
    assert_eq!(
        (made["status"].clone(), made["type"].clone()),
        (json!("active"), json!("product"))
    );
    let _ = subscribe(json!({ "type": "newsletter" })).unwrap();
    for (body, code) in [
        (
            json!({ "type": "product", "targetId": "p1" }),
            "already-subscribed",
        ),
        (
            json!({ "type": "product", "targetId": "missing" }),
            "not-found",
        ),
        (json!({ "type": "product" }), "invalid-request"),
        (
            json!({ "type": "newsletter", "targetId": "x" }),
            "invalid-request",
        ),
        (
            json!({ "type": "vendor", "targetId": "x".repeat(129) }),
            "invalid-request",
        ),
        (
            json!({ "type": "vendor", "targetId": "missing" }),
            "not-found",
        ),
        (
            json!({ "type": "vendor", "targetId": "cellar" }),
            "not-found",
        ),
        (json!({ "type": "world" }), "invalid-request"),
    ] {
        assert_eq!(subscribe(body.clone()).unwrap_err().code, code, "{body}");
    }
    let id = made["id"].as_str().unwrap();
    let foreign = host
        .request("unsubscribe")
        .user("u2")
        .param("id", id)
        .send(dispatch);
    assert_eq!(foreign.unwrap_err().status, 404);
    assert_eq!(
        ask(&host, "list_subscriptions", "", &json!({})).unwrap()["total"],
        2
    );
    let _ = ask(&host, "unsubscribe", id, &json!({})).unwrap();
    assert_eq!(
        ask(&host, "list_subscriptions", "", &json!({})).unwrap()["total"],
        1
    );
}

#[test]
fn a_vendor_is_who_has_registered_or_sells() {
    let host = host();
    for vendor in ["v1", "house"] {
        let body = json!({ "type": "vendor", "targetId": vendor });
        let made = ask(&host, "subscribe", "", &body).unwrap();
        assert_eq!(made["targetId"], vendor);
    }
}

#[test]
fn subscriptions_are_bounded_and_one_that_ends_makes_room() {
    let host = host();
    let subscribe = |target: &str| {
        let body = json!({ "type": "vendor", "targetId": target });
        ask(&host, "subscribe", "", &body)
    };
    let total = || ask(&host, "list_subscriptions", "", &json!({})).unwrap()["total"].clone();
    let first = subscribe("v0").unwrap();
    for number in 1..200 {
        let _ = subscribe(&format!("v{number}")).unwrap();
    }
    assert_eq!(subscribe("v200").unwrap_err().code, "too-much");
    let _ = ask(
        &host,
        "unsubscribe",
        first["id"].as_str().unwrap(),
        &json!({}),
    )
    .unwrap();
    let _ = subscribe("v200").unwrap();
    assert_eq!(subscribe("v201").unwrap_err().code, "too-much");
    assert_eq!(total(), 200);
    // Those that were made before anybody counted them are counted, too.
    SUBSCRIBERS.delete("u1").unwrap();
    assert_eq!(subscribe("v201").unwrap_err().code, "too-much");
}

#[test]
fn what_was_ordered_is_remembered_for_its_buyer() {
    let host = host();
    for number in ["1", "2"] {
        host.advance(1);
        let told = json!({
            "orderId": format!("o{number}"), "number": format!("ORD-{number}"), "buyerId": "u1",
            "currency": "USD", "totalMinor": 1_250, "lines": [
                { "productId": "p1", "vendorId": "v", "name": "Tool", "quantity": 2, "unitPriceMinor": 625, "netMinor": 1_250 },
            ],
        });
        let event = host.event("order.created").json(&told);
        event.deliver(dispatch_event).unwrap();
    }
    let seen = ask(&host, "list_purchases", "", &json!({})).unwrap();
    assert_eq!(seen["total"], 2);
    let first = &seen["purchases"][0];
    assert_eq!(
        (first["orderNumber"].clone(), first["total"].clone()),
        (json!("ORD-2"), json!(12.5))
    );
    assert_eq!(
        first["items"],
        json!([{ "productId": "p1", "name": "Tool", "quantity": 2 }])
    );
    assert_eq!(seen["items"], seen["purchases"]);
    let second = &seen["purchases"][1];
    for query in ["limit=1&page=2", "limit=1&offset=1"] {
        let request = host.request("list_purchases").user("u1").query(query);
        let page = request.send(dispatch).unwrap().json();
        assert_eq!(
            (&page["items"], &page["total"], &page["offset"]),
            (&json!([second]), &json!(2), &json!(1)),
            "{query}"
        );
    }
    let others = host
        .request("list_purchases")
        .user("u2")
        .send(dispatch)
        .unwrap();
    assert_eq!(others.json()["total"], 0);
    let wrong = host
        .request("list_purchases")
        .user("u1")
        .query("cursor=nonsense");
    assert_eq!(wrong.send(dispatch).unwrap_err().status, 400);
}

#[test]
fn the_dashboard_shows_all_of_it_at_a_glance() {
    let host = host();
    let _ = ask(&host, "add_wish", "", &json!({ "productId": "p1" })).unwrap();
    let seen = ask(&host, "view_dashboard", "", &json!({})).unwrap();
    assert_eq!(
        (seen["totalOrders"].clone(), seen["totalSpent"].clone()),
        (json!(4), json!({ "USD": 50.5 }))
    );
    assert_eq!(
        (
            seen["totalDownloads"].clone(),
            seen["wishlistCount"].clone()
        ),
        (json!(1), json!(1))
    );
    assert_eq!(seen["recentOrders"][0]["orderNumber"], "ORD-1");
    assert!(
        seen["recentDownloads"][0].get("key").is_none(),
        "keys are shown when asked for"
    );
}
