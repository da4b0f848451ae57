//! What other plugins ask and tell of orders.

use super::*;
use crate::Plugin;
use crate::provided::orders::{Choice, Error, Guest as _, Order, Settled, Total};

fn get(id: &str) -> Order {
    Plugin::get(id.into()).unwrap()
}

fn settle(id: &str, payment: &str, minor: i64) -> Result<Settled, Error> {
    Plugin::settle(id.into(), payment.into(), minor, "USD".into())
}

/// Status and payment status.
fn state(id: &str) -> (String, String) {
    let order = get(id);
    (order.status, order.payment_status)
}

fn as_of(status: &str, payment: &str) -> (String, String) {
    (status.into(), payment.into())
}

fn choice() -> Choice {
    Choice {
        buyer_id: None,
        vendor_id: None,
        status: None,
        since_ms: None,
        offset: 0,
        limit: 200,
    }
}

fn listed(choice: Choice) -> Vec<String> {
    let page = Plugin::list(choice).unwrap();
    assert_eq!(page.total as usize, page.orders.len());
    page.orders.into_iter().map(|order| order.id).collect()
}

#[test]
fn an_order_is_told_in_minor_units() {
    let shop = Shop::new();
    let view = shop.place(ANNA, &[("watch", 2)]);
    let order = get(&id(&view));
    assert_eq!(
        (order.number.as_str(), order.buyer_id.as_str()),
        (view["orderNumber"].as_str().unwrap(), "anna")
    );
    assert_eq!((order.total_minor, order.currency.as_str()), (39_98, "USD"));
    assert_eq!(
        (order.lines[0].unit_price_minor, order.lines[0].net_minor),
        (19_99, 39_98)
    );
    assert_eq!(order.buyer_email.as_deref(), Some("anna@example.com"));
    assert_eq!(Plugin::get("nothing".into()), Err(Error::NotFound));
}

#[test]
fn a_payment_settles_an_order_once() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    assert_eq!(settle(&id, "pay1", 19_99), Ok(Settled::Paid));
    assert_eq!(state(&id), as_of("processing", "paid"));
    assert_eq!(get(&id).payment_id.as_deref(), Some("pay1"));
    let before = get(&id);
    for _ in 0..2 {
        assert_eq!(settle(&id, "pay1", 19_99), Ok(Settled::Already));
        assert_eq!(settle(&id, "pay2", 19_99), Ok(Settled::Refused));
    }
    assert_eq!(get(&id), before);
    assert_eq!(settle("nothing", "pay1", 19_99), Err(Error::NotFound));
}

#[test]
fn whom_an_order_is_paid_through_is_the_buyers_word_until_the_payment_has_another() {
    let shop = Shop::new();
    let method = |id: &str| Plugin::payment_method(id.into());
    for (said, told, shown) in [
        (None, "razorpay", Some("razorpay")),
        (Some("razorpay"), "stripe", Some("stripe")),
        (Some("stripe"), "barter", Some("stripe")),
        (None, "barter", None),
    ] {
        let body = json!({ "items": items_of(&[("agent", 1)]), "paymentMethod": said });
        let id = id(&shop.try_place(ANNA, body).unwrap());
        assert_eq!(method(&id), Ok(said.map(Into::into)));
        for settled in [Settled::Paid, Settled::Already] {
            let (id, payment, through) = (id.clone(), "pay1".into(), told.into());
            let answer = Plugin::settle_through(id, payment, through, 5_00, "USD".into());
            assert_eq!(answer, Ok(settled));
        }
        assert_eq!(method(&id), Ok(shown.map(Into::into)));
        let seen = shop.see(ANNA, &id).unwrap();
        let shown = json!(shown);
        for provider in [&seen["paymentMethod"], &seen["payment"]["provider"]] {
            assert_eq!(provider, &shown, "{said:?} {told}");
        }
    }
    assert_eq!(method("nothing"), Err(Error::NotFound));
}

#[test]
fn money_that_an_order_does_not_take_does_not_say_whom_it_was_paid_through() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    let through = |payment: &str, minor| {
        let (id, payment) = (id.clone(), payment.into());
        Plugin::settle_through(id, payment, "razorpay".into(), minor, "USD".into())
    };
    assert_eq!(through("pay1", 19_98), Err(Error::AmountDiffers));
    assert_eq!(settle(&id, "pay2", 19_99), Ok(Settled::Paid));
    assert_eq!(through("pay1", 19_99), Ok(Settled::Refused));
    assert_eq!(Plugin::payment_method(id), Ok(None));
}

#[test]
fn a_payment_of_another_amount_settles_nothing() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    for minor in [0, 19_98, 20_00, -19_99] {
        assert_eq!(settle(&id, "pay1", minor), Err(Error::AmountDiffers));
    }
    let euros = Plugin::settle(id.clone(), "pay1".into(), 19_99, "EUR".into());
    assert_eq!(euros, Err(Error::AmountDiffers));
    assert_eq!(state(&id), as_of("pending", "pending"));
}

#[test]
fn a_payment_finds_an_order_where_it_is() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    shop.move_to(Who::Admin, &id, "shipped").unwrap();
    assert_eq!(settle(&id, "pay1", 19_99), Ok(Settled::Paid));
    assert_eq!(state(&id), as_of("shipped", "paid"));
}

#[test]
fn a_cancelled_order_takes_no_money_of_any_amount() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    shop.cancel(ANNA, &id).unwrap();
    for minor in [19_99, 1] {
        assert_eq!(settle(&id, "pay1", minor), Ok(Settled::Refused));
    }
    assert_eq!(state(&id), as_of("cancelled", "pending"));
}

#[test]
fn a_payment_that_fails_may_be_tried_again() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    let fail = |reason: &str| Plugin::payment_failed(id.clone(), "pay1".into(), reason.into());
    fail(&"x".repeat(2_000)).unwrap();
    assert_eq!(state(&id), as_of("pending", "failed"));
    assert_eq!(
        shop.see(ANNA, &id).unwrap()["paymentFailure"]
            .as_str()
            .unwrap()
            .len(),
        500
    );
    assert_eq!(settle(&id, "pay2", 19_99), Ok(Settled::Paid));
    fail("late news").unwrap();
    assert_eq!(state(&id), as_of("processing", "paid"));
    assert!(shop.see(ANNA, &id).unwrap().get("paymentFailure").is_none());
    let nothing = Plugin::payment_failed("nothing".into(), "p".into(), "r".into());
    assert_eq!(nothing, Err(Error::NotFound));
}

#[test]
fn one_shops_clients_read_of_the_payment_in_words_of_their_own() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    let payment = || shop.see(ANNA, &id).unwrap()["payment"].clone();
    assert_eq!(payment()["status"], "pending");
    Plugin::payment_failed(id.clone(), "pay1".into(), "declined".into()).unwrap();
    assert_eq!(payment()["status"], "failed");
    settle(&id, "pay1", 19_99).unwrap();
    let paid = json!({
        "paymentId": "pay1", "status": "completed", "amount": 19.99, "currency": "USD",
    });
    assert_eq!(payment(), paid);
    Plugin::refunded(id.clone(), "pay1".into()).unwrap();
    assert_eq!(payment()["status"], "refunded");
}

#[test]
fn money_that_went_back_before_anything_was_sent_frees_the_stock_once() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 2)]);
    let refund = |payment: &str| Plugin::refunded(id.clone(), payment.into());
    refund("pay1").unwrap();
    assert_eq!(
        state(&id),
        as_of("pending", "pending"),
        "nothing had come in"
    );
    settle(&id, "pay1", 39_98).unwrap();
    refund("pay2").unwrap();
    assert_eq!(
        state(&id),
        as_of("processing", "paid"),
        "another payment is not the order's"
    );
    refund("pay1").unwrap();
    refund("pay1").unwrap();
    assert_eq!(state(&id), as_of("refunded", "refunded"));
    assert_eq!(stock("watch"), Some(5));
    assert_eq!(settle(&id, "pay1", 39_98), Ok(Settled::Already));
    assert_eq!(settle(&id, "pay3", 39_98), Ok(Settled::Refused));
    assert_eq!(refused(shop.cancel(ANNA, &id)).1, "wrong-status");
    assert_eq!(
        Plugin::refunded("nothing".into(), "p".into()),
        Err(Error::NotFound)
    );
}

#[test]
fn money_that_went_back_after_sending_brings_no_goods_back() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 2)]);
    settle(&id, "pay1", 39_98).unwrap();
    shop.move_to(Who::Admin, &id, "delivered").unwrap();
    Plugin::refunded(id.clone(), "pay1".into()).unwrap();
    assert_eq!(state(&id), as_of("refunded", "refunded"));
    assert_eq!(stock("watch"), Some(3));
}

#[test]
fn a_cancelled_order_stays_cancelled_when_its_money_went_back() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 2)]);
    settle(&id, "pay1", 39_98).unwrap();
    shop.cancel(ANNA, &id).unwrap();
    Plugin::refunded(id.clone(), "pay1".into()).unwrap();
    assert_eq!(state(&id), as_of("cancelled", "refunded"));
    assert_eq!(stock("watch"), Some(5));
}

#[test]
fn part_of_the_money_leaves_the_order_as_it_is_and_only_grows() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1), ("agent", 1), ("strap", 1)]);
    let part = |payment: &str, minor| Plugin::refunded_part(id.clone(), payment.into(), minor);
    let total = || Plugin::totals(Some("anna".into()), None).unwrap();
    let seen = |who| shop.see(who, &id).unwrap()["refundedAmount"].as_f64();
    part("pay1", 5_00).unwrap();
    assert_eq!(seen(ANNA), Some(0.0), "nothing had come in");
    settle(&id, "pay1", 25_99).unwrap();
    for (payment, minor, back) in [
        ("pay2", 5_00, 0),
        ("pay1", 5_00, 5_00),
        ("pay1", 5_00, 5_00),
        ("pay1", 4_99, 5_00),
        ("pay1", 25_98, 25_98),
    ] {
        part(payment, minor).unwrap();
        assert_eq!(
            seen(ANNA),
            Some(f64::from(back) / 100.0),
            "{payment} {minor}"
        );
        assert_eq!(total()[0].total_minor, i64::from(25_99 - back));
    }
    for minor in [-1, 0, 25_99, 26_00] {
        let refused = part("pay1", minor);
        assert!(matches!(refused, Err(Error::Invalid(_))), "{minor}");
    }
    assert_eq!(seen(Who::Vendor("v1")), None, "it is not all the vendor's");
    assert_eq!(state(&id), as_of("processing", "paid"));
    assert_eq!(stock("watch"), Some(4));
    let bought = Plugin::bought("anna".into(), "agent".into()).unwrap();
    assert_eq!(bought.map(|order| order.id).as_ref(), Some(&id));
    // The rest goes back, and nothing of it is told as a part any more.
    Plugin::refunded(id.clone(), "pay1".into()).unwrap();
    part("pay1", 6_00).unwrap();
    assert_eq!(
        (seen(ANNA), state(&id)),
        (Some(25.99), as_of("refunded", "refunded"))
    );
    assert_eq!(total()[0].total_minor, 0);
    assert_eq!(
        Plugin::refunded_part("nothing".into(), "p".into(), 1),
        Err(Error::NotFound)
    );
}

#[test]
fn part_of_the_money_of_a_cancelled_order_is_known_too() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    settle(&id, "pay1", 19_99).unwrap();
    shop.cancel(ANNA, &id).unwrap();
    Plugin::refunded_part(id.clone(), "pay1".into(), 9_99).unwrap();
    assert_eq!(shop.see(ANNA, &id).unwrap()["refundedAmount"], 9.99);
    assert_eq!(state(&id), as_of("cancelled", "paid"));
}

#[test]
fn who_has_paid_for_a_product_has_bought_it() {
    let shop = Shop::new();
    let bought = |buyer: &str, product: &str| {
        let order = Plugin::bought(buyer.into(), product.into()).unwrap();
        order.map(|order| order.id)
    };
    let first = shop.placed(ANNA, &[("agent", 1), ("watch", 1)]);
    assert_eq!(bought("anna", "agent"), None, "it is not paid");
    settle(&first, "pay1", 24_99).unwrap();
    assert_eq!(bought("anna", "agent").as_ref(), Some(&first));
    assert_eq!(
        (bought("anna", "strap"), bought("ben", "agent")),
        (None, None)
    );
    let second = shop.placed(ANNA, &[("agent", 1)]);
    settle(&second, "pay2", 5_00).unwrap();
    assert_eq!(bought("anna", "agent").as_ref(), Some(&second));
    shop.cancel(ANNA, &second).unwrap();
    assert_eq!(bought("anna", "agent").as_ref(), Some(&first));
    Plugin::refunded(first, "pay1".into()).unwrap();
    assert_eq!(bought("anna", "agent"), None);
}

#[test]
fn orders_are_listed_by_whatever_is_asked() {
    let shop = Shop::new();
    let annas = shop.placed(ANNA, &[("watch", 1), ("strap", 1)]);
    let bens = shop.placed(Who::Buyer("ben"), &[("agent", 1)]);
    shop.move_to(Who::Admin, &bens, "confirmed").unwrap();
    let by = |buyer: Option<&str>, vendor: Option<&str>, status: Option<&str>| {
        listed(Choice {
            buyer_id: buyer.map(Into::into),
            vendor_id: vendor.map(Into::into),
            status: status.map(Into::into),
            ..choice()
        })
    };
    let (both, none) = (vec![bens.clone(), annas.clone()], Vec::<String>::new());
    let (anna, ben) = (vec![annas.clone()], vec![bens.clone()]);
    for (found, expected) in [
        (by(None, None, None), &both),
        (by(Some("anna"), None, None), &anna),
        (by(None, Some("v1"), None), &both),
        (by(None, Some("v2"), None), &anna),
        (by(None, Some("v1"), Some("confirmed")), &ben),
        (by(None, None, Some("pending")), &anna),
        (by(Some("ben"), Some("v1"), None), &ben),
        (by(Some("ben"), Some("v2"), None), &none),
        (by(None, Some("v3"), None), &none),
    ] {
        assert_eq!(found, *expected);
    }
    let since = get(&bens).created_at_ms;
    for vendor_id in [None, Some("v1".to_owned())] {
        let recent = Choice {
            since_ms: Some(since),
            vendor_id,
            ..choice()
        };
        assert_eq!(listed(recent), ben);
    }
    let page = Plugin::list(Choice {
        offset: 1,
        limit: 1,
        ..choice()
    })
    .unwrap();
    assert_eq!((page.total, page.orders.len()), (2, 1));
    for bad in [
        Choice {
            status: Some("lost".into()),
            ..choice()
        },
        Choice {
            offset: 10_001,
            ..choice()
        },
    ] {
        assert!(matches!(Plugin::list(bad), Err(Error::Invalid(_))));
    }
}

#[test]
fn sums_are_by_status_and_currency() {
    let shop = Shop::new();
    let mut euro = product("euro", 3_00, None);
    euro.price.currency = "EUR".into();
    sell([catalog::all(), vec![euro]].concat());
    let first = shop.placed(ANNA, &[("agent", 1)]);
    shop.place(ANNA, &[("agent", 2)]);
    shop.place(ANNA, &[("euro", 1)]);
    shop.place(Who::Buyer("ben"), &[("agent", 1)]);
    shop.cancel(ANNA, &first).unwrap();
    let total = |status: &str, currency: &str, orders, total_minor| Total {
        status: status.into(),
        currency: currency.into(),
        orders,
        total_minor,
    };
    let annas = [
        total("cancelled", "USD", 1, 5_00),
        total("pending", "EUR", 1, 3_00),
        total("pending", "USD", 1, 10_00),
    ];
    assert_eq!(Plugin::totals(Some("anna".into()), None).unwrap(), annas);
    let all = Plugin::totals(None, None).unwrap();
    assert_eq!(all.iter().map(|total| total.orders).sum::<u32>(), 4);
    assert_eq!(Plugin::totals(Some("nobody".into()), None).unwrap(), []);
    let later = get(&first).created_at_ms + 3;
    assert_eq!(
        Plugin::totals(None, Some(later)).unwrap(),
        [total("pending", "USD", 1, 5_00)]
    );
}
