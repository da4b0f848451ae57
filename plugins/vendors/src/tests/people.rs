//! Registration, profiles, decisions.

use serde_json::json;
use stoa_guest::testing::Person;

use super::{ask, catalog, host};
use crate::provided::vendors::{Error, Guest as _};
use crate::{Plugin, dispatch};

fn person(role: &str) -> Person {
    Person {
        id: "u1".into(),
        email: "u1@example.com".into(),
        name: "U".into(),
        role: role.into(),
        email_verified: true,
        joined_at_ms: 0,
    }
}

#[test]
fn who_registers_sells_once_an_administrator_agrees() {
    let host = host();
    host.person(person("user"));
    let shop = json!({ "name": " Shop ", "website": "https://shop.example" });
    let register = || {
        host.request("register")
            .user("u1")
            .json(&shop)
            .send(dispatch)
    };
    let made = register().unwrap();
    assert_eq!(
        (made.status, made.json()["status"].clone()),
        (201, json!("pending"))
    );
    assert_eq!(made.json()["name"], "Shop");
    assert_eq!(made.json()["email"], "u1@example.com");
    assert_eq!(register().unwrap_err().code, "already-registered");
    assert_eq!(host.role_of("u1").as_deref(), Some("user"));

    let page = Plugin::list(Some("pending".into()), 0, 10).unwrap();
    assert_eq!((page.total, page.vendors[0].id.as_str()), (1, "u1"));
    let approved = Plugin::approve("u1".into()).unwrap();
    assert_eq!(approved.status, "approved");
    assert_eq!(host.role_of("u1").as_deref(), Some("vendor"));
    let told = &host.events()[0];
    assert_eq!(
        (told.name.as_str(), told.key.as_str()),
        ("vendor.approved", "u1")
    );
    // Saying it again changes and tells nothing.
    Plugin::approve("u1".into()).unwrap();
    assert_eq!(host.events().len(), 1);
    assert_eq!(Plugin::tally().unwrap(), [("approved".to_string(), 1)]);
    let seen = host
        .request("view_profile")
        .account("u1", "vendor")
        .send(dispatch);
    assert_eq!(seen.unwrap().json()["status"], "active");
}

#[test]
fn who_was_rejected_is_told_why_and_may_ask_again() {
    let host = host();
    let shop = json!({ "name": "Shop" });
    let register = || {
        host.request("register")
            .user("u1")
            .json(&shop)
            .send(dispatch)
    };
    register().unwrap();
    assert!(matches!(
        Plugin::reject("u1".into(), " ".into()),
        Err(Error::Invalid(_))
    ));
    Plugin::reject("u1".into(), "No imprint.".into()).unwrap();
    let seen = host
        .request("view_profile")
        .user("u1")
        .send(dispatch)
        .unwrap()
        .json();
    assert_eq!(
        (seen["status"].clone(), seen["reason"].clone()),
        (json!("rejected"), json!("No imprint."))
    );
    assert!(matches!(
        Plugin::approve("u1".into()),
        Err(Error::InvalidStatus(_))
    ));
    register().unwrap();
    Plugin::approve("u1".into()).unwrap();
    assert!(matches!(
        Plugin::approve("nobody".into()),
        Err(Error::NotFound)
    ));
    assert!(matches!(Plugin::get("nobody".into()), Err(Error::NotFound)));
    assert!(matches!(
        Plugin::list(Some("great".into()), 0, 1),
        Err(Error::InvalidStatus(_))
    ));
}

#[test]
fn a_profile_takes_what_makes_sense_and_shows_how_the_products_do() {
    let host = host();
    // Made a vendor by an administrator, without registering.
    let seen = ask(&host, "view_profile", &json!({})).unwrap();
    assert_eq!(
        (&seen["name"], &seen["status"], &seen["totalRevenue"]),
        (&json!("v1"), &json!("active"), &json!(0))
    );
    assert_eq!(seen.get("joinDate"), None);
    let registration = ask(&host, "view_registration", &json!({}));
    assert_eq!(registration.unwrap_err().code, "not-found");
    host.advance(1_000);
    let sent_back = ask(&host, "change_profile", &seen).unwrap();
    assert_eq!(sent_back["joinDate"], "2026-01-01T00:00:01.000Z");
    let seen = ask(
        &host,
        "change_profile",
        &json!({ "description": "Fine things." }),
    )
    .unwrap();
    assert_eq!(
        (seen["name"].clone(), seen["verified"].clone()),
        (json!("v1"), json!(true))
    );
    catalog::list_these(&[("v1", 5.0, 1), ("v1", 2.0, 2), ("v2", 1.0, 9)]);
    let seen = ask(&host, "view_profile", &json!({})).unwrap();
    assert_eq!(
        (seen["productsCount"].clone(), seen["averageRating"].clone()),
        (json!(2), json!(3.0))
    );
    for (change, field) in [
        (json!({ "name": "  " }), "name"),
        (json!({ "name": "x".repeat(121) }), "name"),
        (json!({ "email": "nobody" }), "email"),
        (json!({ "website": "http://shop.example" }), "website"),
        (json!({ "avatar": "//evil.example/x.png" }), "avatar"),
        (json!({ "status": "approved" }), "status"),
    ] {
        let refused = ask(&host, "change_profile", &change).unwrap_err();
        assert_eq!(
            (refused.status, refused.field.as_deref()),
            (400, Some(field)),
            "{change}"
        );
    }
}

#[test]
fn what_was_read_of_a_profile_can_be_sent_back_and_null_removes() {
    let host = host();
    let site = json!({ "website": "https://shop.example", "phone": "+44 20" });
    ask(&host, "change_profile", &site).unwrap();
    let mut read = ask(&host, "view_profile", &json!({})).unwrap();
    read["website"] = json!(null);
    read["description"] = json!("Fine things.");
    let after = ask(&host, "change_profile", &read).unwrap();
    assert_eq!(
        (after.get("website"), &after["phone"], &after["description"]),
        (None, &json!("+44 20"), &json!("Fine things."))
    );
    ask(&host, "change_profile", &site).unwrap();
    let emptied = json!({ "website": "", "phone": " " });
    let after = ask(&host, "change_profile", &emptied).unwrap();
    assert_eq!((after.get("website"), after.get("phone")), (None, None));
    let nameless = ask(&host, "change_profile", &json!({ "name": null }));
    assert_eq!(nameless.unwrap_err().field.as_deref(), Some("name"));
}

#[test]
fn whoever_sells_and_is_refused_is_suspended_and_may_come_back() {
    let host = host();
    ask(&host, "change_profile", &json!({})).unwrap();
    let status = || ask(&host, "view_profile", &json!({})).unwrap()["status"].clone();
    for _ in 0..2 {
        let refused = Plugin::reject("v1".into(), "Complaints.".into()).unwrap();
        assert_eq!(refused.status, "suspended");
        assert_eq!(status(), "suspended");
    }
    let back = Plugin::approve("v1".into()).unwrap();
    assert_eq!((back.status.as_str(), back.reason), ("approved", None));
    assert_eq!(status(), "active");
}

#[test]
fn a_shop_may_let_everybody_sell_at_once() {
    let host = host();
    host.set("auto_approve", true);
    host.person(person("user"));
    let made = host
        .request("register")
        .user("u1")
        .json(&json!({ "name": "Shop" }));
    assert_eq!(made.send(dispatch).unwrap().json()["status"], "active");
    assert_eq!(host.role_of("u1").as_deref(), Some("vendor"));
}

#[test]
fn who_is_known_by_a_token_alone_or_has_left_is_decided_on_all_the_same() {
    let host = host();
    let shop = json!({ "name": "Shop" });
    let register = host.request("register").user("u1").json(&shop);
    register.send(dispatch).unwrap();
    assert_eq!(Plugin::approve("u1".into()).unwrap().status, "approved");
    assert_eq!(host.events().pop().unwrap().name, "vendor.approved");
    // Whose role says more than that they sell is no vendor.
    host.person(person("admin"));
    assert!(Plugin::reject("u1".into(), "No imprint.".into()).is_err());
}
