//! What is known of customers.

use super::*;
use crate::personal_data;

#[test]
fn a_customer_is_told_what_is_known_and_forgotten_for_good() {
    let shop = Shop::new();
    shop.join("anna", "anna@example.com");
    shop.join("berta", "berta@example.com");
    shop.change("anna", json!({"phone": "+44 20", "address": "1 Square"}))
        .unwrap();
    let told = personal_data("anna").unwrap();
    let customer = &told["customer"];
    assert_eq!(
        (&customer["email"], &customer["phone"], &customer["address"]),
        (
            &json!("anna@example.com"),
            &json!("+44 20"),
            &json!("1 Square")
        )
    );
    assert_eq!(personal_data("nobody").unwrap(), json!({}));
    let erase = |source: &str| {
        let event = shop.0.event("user.erased").source(source);
        let event = event.json(&json!({ "userId": "anna" }));
        event.deliver(crate::dispatch_event).unwrap();
        shop.ids("")
    };
    assert_eq!(erase("somebody"), ["berta", "anna"]);
    assert_eq!(erase("host"), ["berta"]);
    assert_eq!(erase("host"), ["berta"]);
    // What was on its way brings nobody back.
    shop.order("anna", 100);
    shop.join("anna", "anna@example.com");
    shop.hear(
        "user.verified",
        json!({"userId": "anna", "email": "anna@example.com"}),
    );
    assert_eq!(shop.ids(""), ["berta"]);
    assert_eq!(personal_data("anna").unwrap(), json!({}));
    assert!(personal_data("berta").unwrap().get("customer").is_some());
}

#[test]
fn a_record_that_was_made_by_hand_and_joined_is_forgotten_too() {
    let shop = Shop::new();
    let made = shop
        .create(json!({"email": "anna@example.com", "name": "Anna"}))
        .unwrap();
    shop.hear(
        "user.verified",
        json!({"userId": "anna", "email": "anna@example.com"}),
    );
    assert_eq!(personal_data("anna").unwrap()["customer"]["id"], made["id"]);
    let event = shop.0.event("user.erased").source("host");
    let event = event.json(&json!({ "userId": "anna" }));
    event.deliver(crate::dispatch_event).unwrap();
    assert!(shop.ids("").is_empty());
}
