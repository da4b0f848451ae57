//! What is kept about who sells.

use serde_json::json;

use super::{ask, books_are_right, host, pay, payment};
use crate::{dispatch, dispatch_event, personal_data};

#[test]
fn a_vendor_is_told_what_is_kept_and_forgotten_but_for_the_books() {
    let host = host();
    assert_eq!(personal_data("v1").unwrap(), json!({}));
    for (vendor, name) in [("v1", "Anna's"), ("v2", "Ben's")] {
        let shop = json!({
            "name": name, "email": format!("{vendor}@example.com"), "phone": "+44 20",
            "website": format!("https://{vendor}.example"),
        });
        let register = host.request("register").user(vendor).json(&shop);
        register.send(dispatch).unwrap();
        crate::vendor::approve(vendor).unwrap();
        pay(&host, &payment(&format!("p-{vendor}"), vendor, 10_000));
    }
    let payout = ask(&host, "request_payout", &json!({ "amount": 50 })).unwrap();
    let others = personal_data("v2").unwrap();
    let own = personal_data("v1").unwrap();
    assert_eq!(
        (&own["vendor"]["name"], &own["vendor"]["phone"]),
        (&json!("Anna's"), &json!("+44 20"))
    );
    assert_eq!(own["balances"][0]["available"], 40);
    assert_eq!(own["payouts"], json!([payout]));
    assert_eq!(own["entries"].as_array().unwrap().len(), 2);
    assert!(!own.to_string().contains("v2"));

    let erase = |source: &str| {
        let event = host.event("user.erased").source(source);
        let event = event.json(&json!({ "userId": "v1" }));
        event.deliver(dispatch_event).unwrap();
        personal_data("v1").unwrap()
    };
    assert_eq!(erase("somebody"), own);
    for _ in 0..2 {
        let left = erase("host");
        assert_eq!(left.get("vendor"), None);
        for name in ["balances", "payouts", "entries"] {
            assert_eq!(left[name], own[name], "{name}");
        }
        for name in ["Anna", "example", "+44"] {
            assert!(!left.to_string().contains(name), "{name}");
        }
        books_are_right();
    }
    assert_eq!(personal_data("v2").unwrap(), others);
    // The books go on: the payout is decided, and a sale goes back.
    let id = payout["id"].as_str().unwrap();
    let decide = host.request("decide_payout").account("root", "admin");
    let decide = decide.param("id", id).json(&json!({ "paid": true }));
    decide.send(dispatch).unwrap();
    let back = payment("p-v1", "v1", 10_000);
    let event = host.event("payment.refunded").json(&back);
    event.deliver(dispatch_event).unwrap();
    books_are_right();
}
