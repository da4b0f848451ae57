//! Stories of notices, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod texts;

use serde_json::{Value, json};
use stoa_guest::Result;
use stoa_guest::testing::Host;

use crate::{dispatch, dispatch_event, personal_data};

fn host() -> Host {
    Host::of(include_str!("../plugin.toml"))
}

/// Everything that any event tells, about the account `u1`.
fn told() -> Value {
    json!({
        "userId": "u1", "buyerId": "u1", "vendorId": "u1", "name": "Ann", "email": "u1@example.com",
        "orderId": "o1", "number": "ORD-1", "currency": "USD", "totalMinor": 1_250, "amountMinor": 1_250,
        "reason": "No imprint", "productName": "Tool", "payoutId": "y1",
        "lines": [{ "productId": "p", "vendorId": "v", "name": "Tool", "quantity": 2, "netMinor": 1_250 }],
    })
}

fn tell(host: &Host, name: &str, id: &str) {
    let mut told = told();
    // An event has one of the two.
    let other = if name.starts_with("payment.") {
        "totalMinor"
    } else {
        "amountMinor"
    };
    if name.starts_with("order.") || name.starts_with("payment.") {
        told.as_object_mut().unwrap().remove(other);
    }
    let event = host.event(name).id(id).json(&told);
    event.deliver(dispatch_event).unwrap();
}

fn ask(host: &Host, handler: &str, user: &str, query: &str) -> Result<Value> {
    let request = host.request(handler).user(user).query(query);
    request.send(dispatch).map(|answer| answer.json())
}

/// The names of the events that people are told of.
fn events() -> Vec<&'static str> {
    let lines = include_str!("../plugin.toml").lines();
    let names = lines.filter_map(|line| line.strip_prefix("event = "));
    let names = names.map(|name| name.trim_matches('"'));
    let others = [
        "user.erased",
        "notifications.forgetting",
        "notifications.text",
    ];
    let is_news = |name: &&str| !others.contains(name);
    names.filter(is_news).collect()
}

#[test]
fn every_event_is_told_once_by_letter_and_in_the_list() {
    let host = host();
    for name in events() {
        tell(&host, name, name);
        tell(&host, name, name);
        host.advance(1);
    }
    let letters = host.letters();
    assert_eq!(letters.len(), events().len());
    let subjects: Vec<&str> = letters
        .iter()
        .map(|letter| letter.subject.as_str())
        .collect();
    assert_eq!(
        subjects,
        [
            "Welcome to Stoa",
            "Your address is verified",
            "Your order ORD-1",
            "Your order ORD-1 is cancelled",
            "Receipt for order ORD-1",
            "Your payment did not go through",
            "Refund for order ORD-1",
            "Refund for order ORD-1",
            "Ann is on sale",
            "Ann was not accepted",
            "Ann may sell",
            "Ann was not accepted",
            "Your payout is on its way",
            "Your payout was rejected",
            "Tool is ready",
        ]
    );
    assert!(letters.iter().all(|letter| letter.to == "u1"));
    assert_eq!(
        letters[4].text,
        "Thank you: we have received 12.50 USD.\n\n2 × Tool: 12.50 USD\n\nStoa\n"
    );
    let list = ask(&host, "list_notices", "u1", "limit=5").unwrap();
    assert_eq!(list["total"], events().len());
    assert_eq!(list["notifications"][0]["kind"], "licence-issued");
    let next = list["nextCursor"].as_str().unwrap();
    let rest = ask(
        &host,
        "list_notices",
        "u1",
        &format!("limit=200&cursor={next}"),
    )
    .unwrap();
    assert_eq!(
        rest["notifications"].as_array().unwrap().len(),
        events().len() - 5
    );
}

#[test]
fn letters_of_refunds_say_how_much_of_what_was_paid_is_back() {
    let host = host();
    for (name, by_this, in_all, text) in [
        (
            "payment.refunded",
            1_250,
            1_250,
            "We have sent 12.50 USD back to you.",
        ),
        (
            "payment.partially-refunded",
            250,
            250,
            "We have sent 2.50 USD of the 12.50 USD that you paid back to you.",
        ),
        (
            "payment.partially-refunded",
            500,
            750,
            "We have sent 5.00 USD of the 12.50 USD that you paid back to you. With that, 7.50 USD are back.",
        ),
        (
            "payment.refunded",
            500,
            1_250,
            "We have sent 5.00 USD of the 12.50 USD that you paid back to you. With that, all of it is back.",
        ),
    ] {
        let mut told = told();
        let money = told.as_object_mut().unwrap();
        money.remove("totalMinor");
        money.insert("refundedMinor".into(), json!(by_this));
        money.insert("totalRefundedMinor".into(), json!(in_all));
        let event = host.event(name).id(&format!("{name}-{in_all}-{by_this}"));
        event.json(&told).deliver(dispatch_event).unwrap();
        let letter = host.letters().pop().unwrap();
        assert!(
            letter.text.starts_with(&format!("{text}\n\n")),
            "{}",
            letter.text
        );
    }
    assert_eq!(host.letters().len(), 4);
}

#[test]
fn notices_are_their_readers_own() {
    let host = host();
    tell(&host, "user.registered", "E1");
    let read = |user: &str| {
        let request = host.request("read_notice").user(user).param("id", "E1");
        request.send(dispatch).map(|answer| answer.json())
    };
    assert_eq!(read("u2").unwrap_err().status, 404);
    assert_eq!(ask(&host, "list_notices", "u2", "").unwrap()["total"], 0);
    assert_eq!(
        ask(&host, "list_notices", "u1", "unread=true").unwrap()["total"],
        1
    );
    assert_eq!(read("u1").unwrap()["read"], true);
    assert_eq!(
        ask(&host, "list_notices", "u1", "unread=true").unwrap()["total"],
        0
    );
    assert_eq!(
        ask(&host, "list_notices", "u1", "cursor=nonsense")
            .unwrap_err()
            .status,
        400
    );
}

#[test]
fn letters_that_nobody_needs_can_be_turned_off() {
    let host = host();
    let change = |off: Value| {
        let request = host.request("change_preferences").user("u1");
        request.json(&json!({ "lettersOff": off })).send(dispatch)
    };
    assert_eq!(change(json!(["receipt"])).unwrap_err().status, 422);
    assert_eq!(change(json!(["gossip"])).unwrap_err().status, 400);
    change(json!(["welcome"])).unwrap();
    assert_eq!(
        ask(&host, "view_preferences", "u1", "").unwrap(),
        json!({ "lettersOff": ["welcome"], "phoneVerified": false, "sms": false })
    );
    tell(&host, "user.registered", "E1");
    tell(&host, "user.verified", "E2");
    assert_eq!(host.letters().len(), 1);
    assert_eq!(ask(&host, "list_notices", "u1", "").unwrap()["total"], 2);
    host.set("letters", false);
    tell(&host, "payment.success", "E3");
    assert_eq!(host.letters().len(), 1, "the operator sends none at all");
}

#[test]
fn preferences_are_sent_back_as_they_were_read_and_what_is_not_sent_stays() {
    let host = host();
    let change = |change: Value| {
        let request = host.request("change_preferences").user("u1");
        request.json(&change).send(dispatch).map(|done| done.json())
    };
    let read = || ask(&host, "view_preferences", "u1", "").unwrap();
    assert_eq!(change(read()).unwrap(), read());
    let number = "+15005550010";
    change(json!({ "lettersOff": ["welcome"], "phone": number, "sms": true })).unwrap();
    let expected = json!({
        "lettersOff": ["welcome"], "phone": number, "phoneVerified": false, "sms": true,
    });
    for same in [json!({}), expected.clone(), json!({ "sms": null })] {
        assert_eq!(change(same.clone()).unwrap(), expected, "{same}");
    }
    for (other, field) in [("phoneVerified", json!(true)), ("gossip", json!(1))] {
        let problem = change(json!({ other: field })).unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some(other))
        );
    }
    assert_eq!(read(), expected);
    let off = change(json!({ "sms": false })).unwrap();
    assert_eq!(
        (&off["lettersOff"], &off["phone"]),
        (&json!(["welcome"]), &json!(number))
    );
    change(json!({ "sms": true })).unwrap();
    let gone = change(json!({ "lettersOff": null, "phone": null })).unwrap();
    assert_eq!(
        gone,
        json!({ "lettersOff": [], "phoneVerified": false, "sms": false })
    );
}

#[test]
fn letters_have_a_subject_and_lines_that_the_post_takes_whatever_names_say() {
    let host = host();
    host.set("site_name", "Shop\u{2029}Two");
    let told = json!({
        "vendorId": "u1", "name": "A\nb\u{2028}c\u{85}d", "reason": "No\u{7} imprint.\r\nNo\rname.",
    });
    let event = host.event("vendor.rejected").json(&told);
    event.deliver(dispatch_event).unwrap();
    let letter = host.letters().pop().unwrap();
    assert_eq!(letter.subject, "A b c d was not accepted");
    let is_odd = |c: char| c.is_control() && c != '\n';
    assert!(!letter.text.contains(is_odd), "{:?}", letter.text);
    assert!(letter.text.contains("The reason: No  imprint.\nNo name."));
    assert!(letter.text.ends_with("\n\nShop Two\n"), "{}", letter.text);
}

#[test]
fn one_is_told_ones_own_and_forgotten_for_good() {
    let host = host();
    let change = host.request("change_preferences").user("u1");
    let change = change.json(&json!({ "lettersOff": ["welcome"] }));
    change.send(dispatch).unwrap();
    for number in 0..201 {
        tell(&host, "user.registered", &format!("E{number}"));
    }
    let told = json!({ "userId": "u2", "name": "Bea" });
    let event = host.event("user.registered").json(&told);
    event.deliver(dispatch_event).unwrap();
    let others = personal_data("u2").unwrap();
    assert_eq!(others["notifications"].as_array().unwrap().len(), 1);
    let own = personal_data("u1").unwrap();
    assert_eq!(own["lettersOff"], json!(["welcome"]));
    assert_eq!(own["notifications"].as_array().unwrap().len(), 201);
    assert!(own["notifications"].to_string().contains("Hello Ann"));
    assert!(!own.to_string().contains("Bea"));
    let erase = |name: &str, source: &str| {
        let event = host.event(name).source(source);
        let event = event.json(&json!({ "userId": "u1" }));
        event.deliver(dispatch_event).unwrap();
    };
    erase("user.erased", "somebody");
    assert_eq!(personal_data("u1").unwrap(), own);
    erase("user.erased", "host");
    assert_eq!(
        host.events().pop().unwrap().name,
        "notifications.forgetting"
    );
    erase("notifications.forgetting", "notifications");
    erase("user.erased", "host");
    // An order of theirs ends later.
    tell(&host, "order.cancelled", "late");
    assert_eq!(personal_data("u1").unwrap(), json!({}));
    assert_eq!(personal_data("u2").unwrap(), others);
}
