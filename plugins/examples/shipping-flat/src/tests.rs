//! What is brought where, and for how much.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::*;
use crate::provided::shipping::Line;
use stoa_guest::testing::Host;

fn host() -> Host {
    let host = Host::of(include_str!("../plugin.toml"));
    host.set("price_minor", 490);
    host
}

fn question(subtotal_minor: i64, tangible: bool, country: Option<&str>) -> Question {
    Question {
        currency: "USD".into(),
        lines: vec![Line {
            product_id: "p".into(),
            quantity: 1,
            tangible,
        }],
        subtotal_minor,
        country: country.map(Into::into),
        postal_code: None,
    }
}

fn price(subtotal_minor: i64, tangible: bool) -> i64 {
    Plugin::shipping(question(subtotal_minor, tangible, None))
        .unwrap()
        .price_minor
}

#[test]
fn it_costs_the_same_until_it_costs_nothing() {
    let host = host();
    assert_eq!(
        (price(1, true), price(100_000, true), price(1, false)),
        (490, 490, 0)
    );
    host.set("free_from_minor", 5_000);
    assert_eq!((price(4_999, true), price(5_000, true)), (490, 0));
    assert_eq!(
        Plugin::shipping(question(1, true, None)).unwrap().label,
        "Standard"
    );
}

#[test]
fn goods_go_where_the_operator_says_and_downloads_everywhere() {
    let host = host();
    host.set("countries", "DE, at");
    for country in ["DE", "AT"] {
        assert!(
            Plugin::shipping(question(1, true, Some(country))).is_ok(),
            "{country}"
        );
    }
    for country in [Some("US"), None] {
        let answer = Plugin::shipping(question(1, true, country));
        assert!(matches!(answer, Err(Error::Refused(_))), "{country:?}");
        assert!(Plugin::shipping(question(1, false, country)).is_ok());
    }
}

#[test]
fn what_it_does_not_know_is_left_to_others() {
    let _unset = Host::of(include_str!("../plugin.toml"));
    assert!(matches!(
        Plugin::shipping(question(1, true, None)),
        Err(Error::Unavailable(_))
    ));
    let _host = host();
    let yen = Question {
        currency: "JPY".into(),
        ..question(1, true, None)
    };
    assert!(matches!(Plugin::shipping(yen), Err(Error::Unavailable(_))));
}
