//! The plans on offer.

use super::*;

#[test]
fn plans_are_shown_with_their_prices_in_major_units() {
    let office = Office::new();
    let list = office
        .host
        .request("list_plans")
        .send(crate::dispatch)
        .unwrap()
        .json();
    assert_eq!(
        list,
        json!({"plans": [
            {"id": "free", "name": "FREE", "price": 0, "currency": "USD", "isForSale": false, "limits": {"members": 3}},
            {"id": "team", "name": "TEAM", "price": 29, "currency": "USD", "interval": "month", "isForSale": true, "limits": {"members": 20}},
            {"id": "business", "name": "BUSINESS", "price": 99.5, "currency": "USD", "interval": "month", "isForSale": true, "limits": {"members": null}},
        ]})
    );
}

#[test]
fn prices_that_can_t_be_read_are_told_and_not_guessed() {
    let office = Office::new();
    for prices in [
        "{",
        "[]",
        r#"{"team": {"price": "p"}}"#,
        r#"{"team": {"price": "p", "amountMinor": 1, "currency": "USD", "interval": "eon"}}"#,
    ] {
        office.host.set("prices", prices);
        let list = office.host.request("list_plans").send(crate::dispatch);
        assert_eq!(refused(list), refusal(500, "internal"), "{prices}");
    }
}
