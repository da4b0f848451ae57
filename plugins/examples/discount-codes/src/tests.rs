//! Codes that are made, used and used up.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use stoa_guest::testing::Host;

use super::*;
use crate::provided::discount::Line;

fn host() -> Host {
    Host::of(include_str!("../plugin.toml"))
}

fn put(host: &Host, code: &str, does: Value) -> stoa_guest::Result<Value> {
    let request = host
        .request("put_code")
        .account("root", "admin")
        .param("code", code);
    request
        .json(&does)
        .send(dispatch)
        .map(|answer| answer.json())
}

/// What is taken off a watch for 10.00, another for 10.00 and a book for 5.01.
fn off(code: Option<&str>) -> Result<Vec<i64>, String> {
    let line = |gross_minor| Line {
        product_id: "p".into(),
        category: "c".into(),
        vendor_id: "v".into(),
        quantity: 1,
        gross_minor,
    };
    let answer = Plugin::discount(Question {
        currency: "USD".into(),
        lines: [10_00, 10_00, 5_01].map(line).to_vec(),
        buyer_id: "u".into(),
        code: code.map(Into::into),
    });
    match answer {
        Ok(answer) => Ok(answer.off_minor),
        Err(Error::Refused(reason) | Error::Unavailable(reason)) => Err(reason),
    }
}

#[test]
fn a_percentage_is_shared_to_the_cent() {
    let host = host();
    put(&host, "ten", json!({"percent": 10})).unwrap();
    put(&host, "ALL", json!({"percent": 100})).unwrap();
    for (code, expected) in [
        (Some(" Ten "), [1_00, 1_00, 50]),
        (Some("ALL"), [10_00, 10_00, 5_01]),
        (None, [0, 0, 0]),
    ] {
        assert_eq!(off(code).unwrap(), expected, "{code:?}");
    }
}

#[test]
fn a_code_ends_when_it_is_used_up() {
    let host = host();
    put(&host, "TWICE", json!({"percent": 10, "usesLeft": 2})).unwrap();
    assert!(off(Some("TWICE")).is_ok() && off(Some("TWICE")).is_ok());
    assert!(off(Some("TWICE")).unwrap_err().contains("used up"));
}

#[test]
fn an_order_that_is_called_off_gives_its_use_back() {
    let host = host();
    put(&host, "ONCE", json!({"percent": 10, "usesLeft": 1})).unwrap();
    put(&host, "EVER", json!({"percent": 10})).unwrap();
    assert!(off(Some("ONCE")).is_ok());
    for told in [
        json!({"discountCode": "once"}),
        json!({"discountCode": "EVER"}),
        json!({"discountCode": "GONE"}),
        json!({}),
    ] {
        let event = host.event("order.cancelled").json(&told);
        event.deliver(dispatch_event).unwrap();
    }
    assert!(off(Some("ONCE")).is_ok() && off(Some("EVER")).is_ok());
    assert!(off(Some("ONCE")).unwrap_err().contains("used up"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let host = host();
    for code in ["NOTHING", "", "a b", "'; --"] {
        assert!(
            off(Some(code)).unwrap_err().contains("no such code"),
            "{code}"
        );
    }
    for (does, field) in [
        (json!({}), "percent"),
        (json!({"percent": 0}), "percent"),
        (json!({"percent": 101}), "percent"),
        (json!({"percent": 1, "usesLeft": -1}), "usesLeft"),
        (json!({"percent": 1, "colour": "red"}), "colour"),
    ] {
        let problem = put(&host, "BAD", does.clone()).unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some(field)),
            "{does}"
        );
    }
    assert_eq!(
        put(&host, "a b", json!({"percent": 1}))
            .unwrap_err()
            .field
            .unwrap(),
        "code"
    );
}

#[test]
fn administrators_see_change_and_take_back() {
    let host = host();
    put(&host, "b", json!({"percent": 10})).unwrap();
    put(&host, "a", json!({"percent": 10})).unwrap();
    put(&host, "B", json!({"percent": 20})).unwrap();
    let list = host.request("list_codes").send(dispatch).unwrap().json();
    assert_eq!(
        (&list["total"], &list["items"][0]["code"]),
        (&json!(2), &json!("A"))
    );
    assert_eq!(list["items"][1]["percent"], json!(20.0));
    let delete = || {
        host.request("delete_code")
            .param("code", "b")
            .send(dispatch)
    };
    assert_eq!(delete().unwrap().status, 204);
    assert_eq!(delete().unwrap_err().status, 404);
    assert!(off(Some("B")).is_err());
}
