//! Orders that cost nothing.

use super::points::discount;
use super::*;
use crate::Plugin;
use crate::provided::orders::{Guest as _, Settled};

/// A shop in which everything is given away.
fn shop() -> Shop {
    discount::fill(|question| {
        let off_minor = question.lines.iter().map(|line| line.gross_minor).collect();
        let label = "Birthday".into();
        Ok(discount::Answer { off_minor, label })
    });
    Shop::new()
}

#[test]
fn an_order_that_costs_nothing_is_paid_at_once_and_told_as_payments_tell_it() {
    let shop = shop();
    let order = shop.place(ANNA, &[("watch", 2)]);
    for (name, expected) in [
        ("total", json!(0)),
        ("discount", json!(39.98)),
        ("status", json!("processing")),
        ("paymentStatus", json!("paid")),
        ("expiresAt", Value::Null),
    ] {
        assert_eq!(order[name], expected, "{name}");
    }
    assert_eq!(order["history"][1]["by"], "payment");
    let paid = json!({
        "paymentId": order["paymentId"], "status": "completed", "amount": 0, "currency": "USD",
    });
    assert_eq!(order["payment"], paid);
    let id = id(&order);
    assert_eq!(shop.see(ANNA, &id).unwrap(), order);
    assert_eq!(
        shop.event_names(),
        ["order.created", "payment.success", "payment.completed"]
    );
    let [created, success, completed] = &shop.0.events()[..] else {
        panic!("{:?}", shop.0.events())
    };
    assert_eq!([&success.key, &completed.key], [&created.key, &id]);
    assert_eq!(success.payload, completed.payload);
    assert_eq!(
        success.payload,
        json!({
            "paymentId": format!("{id}-none-1"), "orderId": id, "number": order["orderNumber"],
            "userId": "anna", "buyerId": "anna", "buyerEmail": "anna@example.com",
            "provider": "none", "currency": "USD", "amountMinor": 0,
            "lines": created.payload["lines"],
        })
    );
    assert_eq!(created.payload["lines"][0]["netMinor"], 0);
    let bought = Plugin::bought("anna".into(), "watch".into()).unwrap();
    assert_eq!(bought.map(|order| order.id), Some(id));
}

#[test]
fn nobody_can_pay_it_again_and_it_does_not_end_by_itself() {
    let shop = shop();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    let settled = Plugin::settle(id.clone(), "pay1".into(), 0, "USD".into()).unwrap();
    assert_eq!(settled, Settled::Refused);
    shop.expire(&id);
    assert_eq!(shop.see(ANNA, &id).unwrap()["status"], "processing");
}

#[test]
fn called_off_it_owes_nothing_and_gives_back_what_it_took() {
    let shop = shop();
    let id = shop.placed(ANNA, &[("watch", 2)]);
    assert_eq!(stock("watch"), Some(3));
    let order = shop.cancel(ANNA, &id).unwrap();
    assert_eq!(
        (&order["status"], &order["paymentStatus"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(stock("watch"), Some(5));
    let told = shop.0.events().pop().unwrap();
    assert_eq!(told.name, "order.cancelled");
    // By which licences and earnings are taken back.
    assert_eq!(
        (&told.payload["wasPaid"], &told.payload["paymentId"]),
        (&json!(true), &json!(format!("{id}-none-1")))
    );
}

#[test]
fn an_order_that_costs_something_waits_for_its_payment() {
    let shop = Shop::new();
    let order = shop.place(ANNA, &[("watch", 1)]);
    assert_eq!(order["paymentStatus"], "pending");
    assert_eq!(shop.event_names(), ["order.created", "order.expiry"]);
}
