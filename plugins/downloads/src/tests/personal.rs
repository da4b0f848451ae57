//! What is kept about buyers.

use super::*;
use crate::personal_data;

#[test]
fn a_buyer_is_told_what_is_kept_and_forgotten() {
    let host = host();
    keep_blob(&host);
    tell(&host, "payment.success", "p1", &["tool"]);
    let licence = ask(&host, "view_licence", "u1", "tool").unwrap();
    assert_eq!(
        personal_data("u1").unwrap(),
        json!({ "licences": [licence] })
    );
    assert_eq!(personal_data("u2").unwrap(), json!({}));
    let erase = |source: &str, user: &str| {
        let event = host.event("user.erased").source(source);
        let event = event.json(&json!({ "userId": user }));
        event.deliver(dispatch_event).unwrap();
        Plugin::of_buyer("u1".into(), 10).unwrap().len()
    };
    assert_eq!([erase("somebody", "u1"), erase("host", "u2")], [1, 1]);
    assert_eq!([erase("host", "u1"), erase("host", "u1")], [0, 0]);
    assert_eq!(personal_data("u1").unwrap(), json!({}));
    // Payments that are told later bring nothing back, and money that goes back finds nothing to take back.
    for payment in ["p1", "p2"] {
        tell(&host, "payment.success", payment, &["tool"]);
    }
    tell(&host, "payment.refunded", "p1", &["tool"]);
    assert_eq!(personal_data("u1").unwrap(), json!({}));
}

#[test]
fn many_licences_are_forgotten_in_portions() {
    let host = host();
    for number in 0..201 {
        tell(&host, "payment.success", &format!("p{number}"), &["tool"]);
    }
    let erase = |name: &str, source: &str| {
        let event = host.event(name).source(source);
        let event = event.json(&json!({ "userId": "u1" }));
        event.deliver(dispatch_event).unwrap();
        Plugin::of_buyer("u1".into(), 10).unwrap().len()
    };
    assert_eq!(erase("user.erased", "host"), 1);
    assert_eq!(host.events().pop().unwrap().name, "downloads.forgetting");
    assert_eq!(erase("downloads.forgetting", "downloads"), 0);
}
