//! Orders that nobody pays for.

use super::*;
use crate::Plugin;
use crate::provided::orders::{Guest as _, Settled};

#[test]
fn an_unpaid_order_ends_and_its_stock_comes_back_once() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 2)]);
    shop.deliver_expiry(&id);
    assert_eq!(
        shop.see(ANNA, &id).unwrap()["status"],
        "pending",
        "too early"
    );
    shop.expire(&id);
    let order = shop.see(ANNA, &id).unwrap();
    assert_eq!(
        (&order["status"], &order["history"][1]["by"]),
        (&json!("cancelled"), &json!("clock"))
    );
    shop.deliver_expiry(&id);
    assert_eq!(stock("watch"), Some(5));
    assert_eq!(
        shop.event_names(),
        ["order.created", "order.expiry", "order.cancelled"]
    );
}

#[test]
fn money_that_comes_too_late_is_refused() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    shop.expire(&id);
    let settled = Plugin::settle(id, "pay1".into(), 19_99, "USD".into()).unwrap();
    assert_eq!(settled, Settled::Refused);
}

#[test]
fn what_was_paid_or_taken_on_does_not_end() {
    let shop = Shop::new();
    let paid = shop.placed(ANNA, &[("watch", 1)]);
    Plugin::settle(paid.clone(), "pay1".into(), 19_99, "USD".into()).unwrap();
    let taken_on = shop.placed(ANNA, &[("watch", 1)]);
    shop.move_to(Who::Admin, &taken_on, "confirmed").unwrap();
    for (id, status) in [(paid, "processing"), (taken_on, "confirmed")] {
        shop.expire(&id);
        assert_eq!(shop.see(ANNA, &id).unwrap()["status"], status);
    }
    assert_eq!(stock("watch"), Some(3));
}

#[test]
fn a_failed_payment_does_not_keep_an_order_alive() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    Plugin::payment_failed(id.clone(), "pay1".into(), "declined".into()).unwrap();
    shop.expire(&id);
    assert_eq!(shop.see(ANNA, &id).unwrap()["status"], "cancelled");
}

#[test]
fn the_end_of_an_order_that_is_gone_is_nobodys() {
    let shop = Shop::new();
    shop.deliver_expiry("nothing");
    shop.deliver_expiry("");
    assert!(shop.0.events().is_empty());
}
