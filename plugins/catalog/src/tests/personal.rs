//! What is kept about those who write reviews.

use super::*;
use crate::personal_data;

fn review(shop: &Shop, user: &'static str, product: &str) -> Value {
    let body = json!({"rating": 4, "comment": "Keeps time."});
    let answer = shop.about(Who::User(user), "add_review", product, &body);
    answer.unwrap().json()
}

fn list(shop: &Shop, product: &str) -> Value {
    let request = shop.by(Who::Anybody, "list_reviews").param("id", product);
    request.send(crate::dispatch).unwrap().json()
}

fn erase(shop: &Shop, name: &str, source: &str) {
    let event = shop.0.event(name).source(source);
    let event = event.json(&json!({ "userId": "anna" }));
    event.deliver(crate::dispatch_event).unwrap();
}

#[test]
fn authors_are_told_their_own_reviews() {
    let shop = Shop::new();
    shop.on_sale("w", json!({}));
    let own = review(&shop, "anna", "w");
    review(&shop, "ben", "w");
    assert_eq!(personal_data("anna").unwrap(), json!({ "reviews": [own] }));
    assert_eq!(personal_data("nobody").unwrap(), json!({}));
}

#[test]
fn an_erased_authors_reviews_stay_without_their_name() {
    let shop = Shop::new();
    shop.on_sale("w", json!({}));
    let own = review(&shop, "anna", "w");
    let bens = review(&shop, "ben", "w");
    erase(&shop, "user.erased", "somebody");
    assert_eq!(list(&shop, "w")["items"].as_array().unwrap().len(), 2);
    assert!(list(&shop, "w").to_string().contains("anna"));
    for _ in 0..2 {
        erase(&shop, "user.erased", "host");
        let left = list(&shop, "w");
        assert!(!left.to_string().contains("anna"), "{left}");
        let reviews = left["items"].as_array().unwrap();
        assert_eq!((reviews.len(), reviews.contains(&bens)), (2, true));
        let nameless = reviews.iter().find(|review| **review != bens).unwrap();
        assert_eq!(
            (&nameless["comment"], nameless.get("userId")),
            (&own["comment"], None)
        );
    }
    let product = shop.see(Who::Anybody, "w").unwrap();
    assert_eq!(
        (&product["rating"], &product["reviewCount"]),
        (&json!(4.0), &json!(2))
    );
    assert_eq!(personal_data("anna").unwrap(), json!({}));
}

#[test]
fn many_reviews_are_forgotten_in_portions() {
    let shop = Shop::new();
    for number in 0..101 {
        let id = format!("w{number}");
        shop.on_sale(&id, json!({}));
        review(&shop, "anna", &id);
    }
    erase(&shop, "user.erased", "host");
    let left = personal_data("anna").unwrap();
    assert_eq!(left["reviews"].as_array().unwrap().len(), 1);
    assert_eq!(shop.event_names().pop().unwrap(), "catalog.forgetting");
    erase(&shop, "catalog.forgetting", "catalog");
    assert_eq!(personal_data("anna").unwrap(), json!({}));
}
