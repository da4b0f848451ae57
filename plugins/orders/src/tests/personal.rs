//! What is kept about buyers.

use super::*;
use crate::personal_data;

/// An order with all that a buyer may say.
fn talkative(shop: &Shop, who: Who, name: &str) -> String {
    let address = json!({
        "name": name, "email": "me@example.com", "phone": "+44 20", "line1": "1 Square",
        "city": "London", "postalCode": "SW1A 1AA", "country": "GB",
    });
    let order = shop.try_place(
        who,
        json!({
            "items": items_of(&[("agent", 1)]), "shippingAddress": address,
            "billingAddress": address, "notes": format!("Ring twice for {name}"),
        }),
    );
    id(&order.unwrap())
}

fn erase(shop: &Shop, name: &str, source: &str) {
    let event = shop.0.event(name).source(source);
    let event = event.json(&json!({ "userId": "anna" }));
    event.deliver(crate::dispatch_event).unwrap();
}

#[test]
fn buyers_are_told_their_own_orders() {
    let shop = Shop::new();
    assert_eq!(personal_data("anna").unwrap(), json!({}));
    let own = talkative(&shop, ANNA, "anna");
    talkative(&shop, Who::Buyer("ben"), "ben");
    let told = personal_data("anna").unwrap();
    assert_eq!(told, json!({ "orders": [shop.see(ANNA, &own).unwrap()] }));
    assert_eq!(told["orders"][0]["shippingAddress"]["line1"], "1 Square");
}

#[test]
fn an_erased_buyers_orders_stay_in_the_books_and_name_nobody() {
    let shop = Shop::new();
    shop.0.set("unpaid_orders_max", 0);
    for _ in 0..41 {
        talkative(&shop, ANNA, "Anna Lee");
    }
    let bens = talkative(&shop, Who::Buyer("ben"), "ben");
    let before = shop.see(Who::Buyer("ben"), &bens).unwrap();
    let cancelled = talkative(&shop, ANNA, "Anna Lee");
    let why = json!({ "reason": "Anna Lee moves house" });
    shop.about(ANNA, "cancel_order", &cancelled, why).unwrap();
    erase(&shop, "user.erased", "somebody");
    assert!(
        personal_data("anna")
            .unwrap()
            .to_string()
            .contains("Anna Lee")
    );
    let told = shop.0.events().len();
    erase(&shop, "user.erased", "host");
    for portion in 1..=2 {
        assert_eq!(shop.0.events().len(), told + portion);
        assert_eq!(shop.event_names().pop().unwrap(), "orders.forgetting");
        erase(&shop, "orders.forgetting", "orders");
    }
    erase(&shop, "user.erased", "host");
    assert_eq!(shop.0.events().len(), told + 2, "it ends");
    let kept = personal_data("anna").unwrap();
    let orders = kept["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 42);
    for order in orders {
        assert_eq!(
            (&order["total"], &order["userId"]),
            (&json!(5), &json!("anna"))
        );
    }
    let text = kept.to_string();
    for name in ["Anna", "example.com", "Square", "London", "+44", "Ring"] {
        assert!(!text.contains(name), "{name}");
    }
    assert_eq!(shop.see(Who::Buyer("ben"), &bens).unwrap(), before);
    // What goes on with an order afterwards names nobody, either.
    let open = orders
        .iter()
        .find(|order| order["status"] == "pending")
        .unwrap();
    shop.expire(&id(open));
    let told = shop.0.events().pop().unwrap();
    assert_eq!(
        (told.name.as_str(), told.payload.get("buyerEmail")),
        ("order.cancelled", None)
    );
}
