//! Taxes of here and elsewhere.

use super::*;
use crate::provided::tax::Line;
use stoa_guest::testing::Host;

fn question(country: Option<&str>) -> Question {
    let line = |net_minor| Line {
        product_id: "p".into(),
        category: "c".into(),
        quantity: 1,
        net_minor,
    };
    Question {
        currency: "EUR".into(),
        lines: vec![line(9_99), line(5_02)],
        shipping_minor: 4_99,
        country: country.map(Into::into),
        region: None,
        postal_code: None,
    }
}

fn tax(rates: &str, country: Option<&str>) -> Result<i64, Error> {
    let host = Host::of(include_str!("../plugin.toml"));
    host.set("rates", rates);
    Plugin::tax(question(country))
}

#[test]
fn goods_and_shipping_are_taxed_by_country() {
    let rates = "DE=19, fr = 5.5 ,*=0";
    for (country, expected) in [
        (Some("DE"), 3_80),
        (Some("FR"), 1_10),
        (Some("US"), 0),
        (None, 0),
    ] {
        assert_eq!(tax(rates, country), Ok(expected), "{country:?}");
    }
}

#[test]
fn where_no_rate_is_nothing_is_sold() {
    for country in [Some("US"), None] {
        assert!(
            matches!(tax("DE=19", country), Err(Error::Refused(_))),
            "{country:?}"
        );
    }
}

#[test]
fn without_rates_somebody_else_may_know() {
    let _host = Host::of(include_str!("../plugin.toml"));
    assert!(matches!(
        Plugin::tax(question(None)),
        Err(Error::Unavailable(_))
    ));
    assert!(matches!(tax(" ", Some("DE")), Err(Error::Unavailable(_))));
}

#[test]
fn a_slip_of_the_keyboard_gives_no_tax_away() {
    for rates in [
        "DE",
        "DE=",
        "DE=19%",
        "DE=-1",
        "DE=101",
        "DE=NaN",
        "DE=19,",
        "DE=19;FR=20",
    ] {
        assert!(
            matches!(tax(rates, Some("DE")), Err(Error::Refused(_))),
            "{rates}"
        );
    }
}
