//! What is kept about somebody.

use super::*;
use crate::personal_data;

/// A profile, a wish, a subscription and so many purchases.
fn settle(host: &Host, user: &str, purchases: usize) {
    let by = |handler: &str, body: Value| {
        let request = host.request(handler).user(user).json(&body);
        request.send(dispatch).unwrap();
    };
    by(
        "change_profile",
        json!({ "firstName": user, "phone": "+44 20" }),
    );
    by("add_wish", json!({ "productId": "p1" }));
    by("subscribe", json!({ "type": "newsletter" }));
    for number in 0..purchases {
        order(host, user, &format!("{user}-{number}"));
    }
}

fn order(host: &Host, user: &str, id: &str) {
    let told = json!({ "orderId": id, "buyerId": user, "currency": "USD", "totalMinor": 100 });
    let event = host.event("order.created").json(&told);
    event.deliver(dispatch_event).unwrap();
}

fn erase(host: &Host, name: &str, source: &str) {
    let event = host.event(name).source(source);
    let event = event.json(&json!({ "userId": "u1" }));
    event.deliver(dispatch_event).unwrap();
}

#[test]
fn one_is_told_ones_own() {
    let host = host();
    assert_eq!(personal_data("u1").unwrap(), json!({}));
    settle(&host, "u1", 1);
    settle(&host, "u2", 3);
    let told = personal_data("u1").unwrap();
    assert_eq!(
        (&told["profile"]["firstName"], &told["profile"]["phone"]),
        (&json!("u1"), &json!("+44 20"))
    );
    assert_eq!(told["wishlist"][0]["productId"], "p1");
    assert_eq!(told["subscriptions"][0]["type"], "newsletter");
    assert_eq!(told["purchases"].as_array().unwrap().len(), 1);
    assert_eq!(told["purchases"][0]["orderId"], "u1-0");
    assert!(!told.to_string().contains("u2"));
}

#[test]
fn who_is_erased_is_forgotten_in_portions_and_nobody_else() {
    let host = host();
    settle(&host, "u1", 450);
    settle(&host, "u2", 2);
    let others = personal_data("u2").unwrap();
    erase(&host, "user.erased", "somebody");
    assert!(personal_data("u1").unwrap().get("profile").is_some());
    erase(&host, "user.erased", "host");
    // As often as the plugin asks for it, and not for ever.
    for portion in 1..=2 {
        let raised = host.events();
        assert_eq!(raised.len(), portion);
        assert_eq!(raised.last().unwrap().name, "profiles.forgetting");
        erase(&host, "profiles.forgetting", "profiles");
    }
    assert_eq!(host.events().len(), 2);
    // Told again, and of what was on its way.
    erase(&host, "user.erased", "host");
    order(&host, "u1", "late");
    let joined = json!({ "userId": "u1", "name": "Ann Lee" });
    let event = host.event("user.registered").json(&joined);
    event.deliver(dispatch_event).unwrap();
    assert_eq!(personal_data("u1").unwrap(), json!({}));
    assert_eq!(personal_data("u2").unwrap(), others);
}
