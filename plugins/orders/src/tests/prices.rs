//! Tax, discounts and shipping: filled by plugins, or by settings.

use super::points::{discount, shipping, tax};
use super::*;

fn order_with(shop: &Shop, more: Value) -> Result<Value> {
    let mut body = json!({ "items": items_of(&[("watch", 2), ("agent", 1)]) });
    stoa_guest::merge_patch(&mut body, more);
    shop.try_place(ANNA, body)
}

fn amounts(order: &Value) -> [Value; 5] {
    ["subtotal", "discount", "shipping", "tax", "total"].map(|name| order[name].clone())
}

#[test]
fn without_plugins_the_settings_count() {
    let shop = Shop::new();
    shop.0.set("tax_percent", 7.5);
    shop.0.set("shipping_minor", 4_90);
    let order = order_with(&shop, json!({})).unwrap();
    assert_eq!(
        amounts(&order),
        [44.98, 0.0, 4.9, 3.37, 53.25].map(|n| if n == 0.0 { json!(0) } else { json!(n) })
    );
    let download = shop.place(ANNA, &[("agent", 1)]);
    assert_eq!(
        (&download["shipping"], &download["total"]),
        (&json!(0), &json!(5.38))
    );
}

#[test]
fn settings_that_make_no_sense_sell_nothing() {
    for (name, value) in [
        ("tax_percent", json!(-1)),
        ("tax_percent", json!(100.5)),
        ("shipping_minor", json!(-1)),
        ("unpaid_minutes", json!(600_000)),
        ("unpaid_orders_max", json!(-1)),
    ] {
        let shop = Shop::new();
        shop.0.set(name, value.clone());
        let result = order_with(&shop, json!({}));
        assert_eq!(
            refused(result),
            refusal(500, "internal", None),
            "{name} {value}"
        );
    }
}

#[test]
fn plugins_are_asked_with_what_the_one_before_has_said() {
    let shop = Shop::new();
    shop.0.set("tax_percent", 50);
    shop.0.set("shipping_minor", 99_00);
    discount::fill(|question| {
        assert_eq!(
            (question.code.as_deref(), question.buyer_id.as_str()),
            (Some("SPRING"), "anna")
        );
        assert_eq!(question.lines[0].gross_minor, 39_98);
        Ok(discount::Answer {
            off_minor: vec![9_98, 0],
            label: "Spring".into(),
        })
    });
    shipping::fill(|question| {
        assert_eq!(question.subtotal_minor, 35_00);
        let tangible: Vec<bool> = question.lines.iter().map(|line| line.tangible).collect();
        assert_eq!(tangible, [true, false]);
        assert_eq!(question.country.as_deref(), Some("DE"));
        Ok(shipping::Answer {
            price_minor: 5_00,
            label: "Standard".into(),
        })
    });
    tax::fill(|question| {
        assert_eq!(question.currency, "USD");
        let net: Vec<i64> = question.lines.iter().map(|line| line.net_minor).collect();
        assert_eq!((net, question.shipping_minor), (vec![30_00, 5_00], 5_00));
        assert_eq!(question.postal_code.as_deref(), Some("10115"));
        Ok(7_60)
    });
    let address = json!({
        "name": "Ada", "line1": "1", "city": "Berlin", "postalCode": "10115", "country": "DE",
    });
    let more = json!({ "discountCode": " SPRING ", "shippingAddress": address });
    let order = order_with(&shop, more).unwrap();
    assert_eq!(
        amounts(&order),
        [json!(44.98), json!(9.98), json!(5), json!(7.6), json!(47.6)]
    );
    let line = &order["items"][0];
    assert_eq!(
        (&line["discount"], &line["total"]),
        (&json!(9.98), &json!(30))
    );
    assert_eq!(
        (
            &order["discountLabel"],
            &order["shippingLabel"],
            &order["discountCode"]
        ),
        (&json!("Spring"), &json!("Standard"), &json!("SPRING"))
    );
    let told = shop.0.events().remove(0).payload;
    assert_eq!(told["lines"][0]["netMinor"], 30_00);
}

#[test]
fn a_plugins_no_is_the_buyers_to_read() {
    let shop = Shop::new();
    discount::fill(|_| Err(discount::Error::Refused("This code has ended.".into())));
    let problem = order_with(&shop, json!({ "discountCode": "OLD" })).unwrap_err();
    assert_eq!(problem.detail, "This code has ended.");
    assert_eq!(
        refused::<()>(Err(problem)),
        refusal(422, "discount-refused", Some("discountCode"))
    );
    let shop = Shop::new();
    discount::fill(|_| Err(discount::Error::Unavailable("timeout".into())));
    shipping::fill(|_| Err(shipping::Error::Refused("Not there.".into())));
    assert_eq!(
        refused(order_with(&shop, json!({}))),
        refusal(422, "shipping-refused", Some("shippingAddress"))
    );
    shipping::fill(|_| Err(shipping::Error::Unavailable("trap".into())));
    tax::fill(|_| Err(tax::Error::Refused("Not sold there.".into())));
    assert_eq!(
        refused(order_with(&shop, json!({}))),
        refusal(422, "tax-refused", Some("shippingAddress"))
    );
    assert_eq!(stock("watch"), Some(5));
}

#[test]
fn a_code_that_nobody_knows_is_told_and_not_charged() {
    let shop = Shop::new();
    let result = order_with(&shop, json!({ "discountCode": "SPRING" }));
    assert_eq!(
        refused(result),
        refusal(422, "discount-unavailable", Some("discountCode"))
    );
    order_with(&shop, json!({ "discountCode": " " })).unwrap();
}

#[test]
fn answers_that_are_none_count_as_absent() {
    let shop = Shop::new();
    shop.0.set("tax_percent", 10);
    shop.0.set("shipping_minor", 1_00);
    tax::fill(|_| Ok(-1));
    shipping::fill(|_| {
        Ok(shipping::Answer {
            price_minor: i64::MAX,
            label: String::new(),
        })
    });
    for off in [
        vec![],
        vec![1],
        vec![0, 0, 0],
        vec![-1, 0],
        vec![39_99, 0],
        vec![0, i64::MAX],
    ] {
        discount::fill(move |_| {
            Ok(discount::Answer {
                off_minor: off.clone(),
                label: "Nonsense".into(),
            })
        });
        let order = shop.place(ANNA, &[("watch", 1), ("agent", 1)]);
        assert_eq!(
            amounts(&order),
            [json!(24.99), json!(0), json!(1), json!(2.5), json!(28.49)]
        );
        assert!(order.get("discountLabel").is_none());
        shop.cancel(ANNA, &id(&order)).unwrap();
    }
}

#[test]
fn an_order_may_cost_nothing() {
    let shop = Shop::new();
    discount::fill(|question| {
        Ok(discount::Answer {
            off_minor: question.lines.iter().map(|line| line.gross_minor).collect(),
            label: "A present".into(),
        })
    });
    let order = order_with(&shop, json!({})).unwrap();
    assert_eq!(
        (&order["total"], &order["discount"]),
        (&json!(0), &json!(44.98))
    );
}
