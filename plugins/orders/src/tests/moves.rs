//! Moving orders along their way, and calling them off.

use super::*;
use crate::Plugin;
use crate::provided::orders::{Error, Guest as _};

fn pay(id: &str, total_minor: i64) {
    Plugin::settle(id.into(), "pay1".into(), total_minor, "USD".into()).unwrap();
}

fn history(order: &Value) -> Vec<String> {
    let step = |step: &Value| {
        format!(
            "{}:{}",
            step["status"].as_str().unwrap(),
            step["by"].as_str().unwrap()
        )
    };
    order["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(step)
        .collect()
}

#[test]
fn a_vendor_moves_an_order_along_and_the_buyer_follows_it() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1), ("strap", 1)]);
    pay(&id, 20_99);
    let vendor = Who::Vendor("v1");
    assert_eq!(shop.see(vendor, &id).unwrap()["status"], "processing");
    let sent = json!({ "status": "shipped", "trackingNumber": "1Z 999" });
    shop.about(vendor, "move_order", &id, sent).unwrap();
    shop.move_to(Who::Vendor("v2"), &id, "delivered").unwrap();
    let order = shop.move_to(Who::Admin, &id, "completed").unwrap();
    assert_eq!(order, shop.see(ANNA, &id).unwrap());
    assert_eq!(order["trackingNumber"], "1Z 999");
    assert_eq!(
        history(&order),
        [
            "pending:buyer",
            "processing:payment",
            "shipped:vendor",
            "delivered:vendor",
            "completed:admin"
        ]
    );
}

#[test]
fn nothing_moves_backwards() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    shop.move_to(Who::Admin, &id, "shipped").unwrap();
    let wrong = refusal(409, "wrong-status", Some("status"));
    for status in [
        "pending",
        "confirmed",
        "processing",
        "shipped",
        "cancelled",
        "refunded",
    ] {
        assert_eq!(
            refused(shop.move_to(Who::Admin, &id, status)),
            wrong,
            "{status}"
        );
    }
    assert_eq!(refused(shop.cancel(ANNA, &id)), wrong);
    assert_eq!(stock("watch"), Some(4));
}

#[test]
fn a_move_says_something_that_makes_sense() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    for (body, field) in [
        (json!({}), "status"),
        (json!({"status": "lost"}), "status"),
        (json!({"status": 1}), "status"),
        (json!({"total": 1}), "total"),
        (json!({"trackingNumber": " "}), "trackingNumber"),
        (json!({"trackingNumber": "x".repeat(101)}), "trackingNumber"),
        (
            json!({"status": "cancelled", "reason": "x".repeat(501)}),
            "reason",
        ),
    ] {
        let result = shop.about(Who::Admin, "move_order", &id, body.clone());
        assert_eq!(
            refused(result),
            refusal(400, "invalid-request", Some(field)),
            "{body}"
        );
    }
    let tracked = shop.about(
        Who::Admin,
        "move_order",
        &id,
        json!({"trackingNumber": "1Z"}),
    );
    assert_eq!(tracked.unwrap()["status"], "pending");
    shop.cancel(ANNA, &id).unwrap();
    let late = shop.about(
        Who::Admin,
        "move_order",
        &id,
        json!({"trackingNumber": "2Z"}),
    );
    assert_eq!(
        refused(late),
        refusal(409, "wrong-status", Some("trackingNumber"))
    );
}

#[test]
fn only_who_may_moves_an_order() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    let missing = refusal(404, "not-found", None);
    // `v2` sells nothing of it; `anna` bought it; `v1` was a vendor once.
    for who in [Who::Vendor("v2"), ANNA, Who::Buyer("v1"), Who::Buyer("ben")] {
        assert_eq!(refused(shop.move_to(who, &id, "shipped")), missing);
        assert_eq!(refused(shop.move_to(who, "nothing", "shipped")), missing);
    }
    assert_eq!(shop.see(ANNA, &id).unwrap()["status"], "pending");
}

#[test]
fn who_may_not_know_of_an_order_finds_none() {
    let shop = Shop::new();
    let order = shop.place(ANNA, &[("watch", 1)]);
    let number = order["orderNumber"].as_str().unwrap();
    for who in [Who::Buyer("ben"), Who::Vendor("v2"), Who::Buyer("v1")] {
        let missing = shop.see(who, "nothing").unwrap_err();
        assert_eq!(missing.status, 404);
        for id in [&id(&order), number] {
            assert_eq!(shop.see(who, id).unwrap_err(), missing);
            assert_eq!(shop.cancel(who, id).unwrap_err(), missing);
        }
    }
    let long = "x".repeat(10_000);
    for id in ["", "a\u{0}b", "ORD-20260101-XXXXXX", long.as_str()] {
        assert_eq!(shop.see(ANNA, id).unwrap_err().status, 404);
    }
    assert_eq!(shop.see(Who::Admin, number).unwrap(), order);
}

#[test]
fn cancelling_gives_the_stock_back_once_and_tells_it() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 2), ("agent", 1)]);
    assert_eq!(stock("watch"), Some(3));
    let wish = json!({ "reason": "Too late." });
    let order = shop.about(ANNA, "cancel_order", &id, wish).unwrap();
    assert_eq!(
        (&order["status"], &order["reason"], order.get("expiresAt")),
        (&json!("cancelled"), &json!("Too late."), None)
    );
    let told = shop.0.events().pop().unwrap();
    assert_eq!((told.name.as_str(), &told.key), ("order.cancelled", &id));
    assert_eq!(
        (
            &told.payload["reason"],
            &told.payload["wasPaid"],
            &told.payload["lines"][0]["netMinor"]
        ),
        (&json!("Too late."), &json!(false), &json!(39_98))
    );
    assert!(told.payload.get("paymentId").is_none());
    for _ in 0..2 {
        assert_eq!(
            refused(shop.cancel(ANNA, &id)),
            refusal(409, "wrong-status", Some("status"))
        );
        shop.expire(&id);
    }
    assert_eq!(stock("watch"), Some(5));
    assert_eq!(
        shop.event_names(),
        ["order.created", "order.expiry", "order.cancelled"]
    );
}

#[test]
fn what_the_buyer_keeps_only_the_shop_calls_off() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1), ("strap", 1)]);
    for told in 0..2 {
        let said = Plugin::handed_over(id.clone(), "watch".into());
        said.unwrap_or_else(|error| panic!("{told}: {error:?}"));
    }
    assert_eq!(
        refused(shop.cancel(ANNA, &id)),
        refusal(409, "already-downloaded", None)
    );
    let missing = Plugin::handed_over(id.clone(), "elsewhere".into());
    assert!(matches!(missing, Err(Error::NotFound)));
    assert_eq!(shop.cancel(Who::Admin, &id).unwrap()["status"], "cancelled");
}

#[test]
fn what_was_not_counted_does_not_come_back() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("agent", 3)]);
    sell(vec![product("agent", 5_00, Some(7))]);
    shop.cancel(ANNA, &id).unwrap();
    assert_eq!(stock("agent"), Some(7));
}

#[test]
fn an_order_of_a_product_that_is_gone_is_cancelled_all_the_same() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1), ("strap", 1)]);
    sell(vec![product("strap", 1_00, Some(9))]);
    assert_eq!(shop.cancel(ANNA, &id).unwrap()["status"], "cancelled");
    assert_eq!(stock("strap"), Some(10));
}

#[test]
fn a_paid_order_that_is_cancelled_says_which_money_has_to_go_back() {
    let shop = Shop::new();
    let id = shop.placed(ANNA, &[("watch", 1)]);
    pay(&id, 19_99);
    let order = shop.cancel(Who::Admin, &id).unwrap();
    assert_eq!(
        (&order["status"], &order["paymentStatus"]),
        (&json!("cancelled"), &json!("paid"))
    );
    let told = shop.0.events().pop().unwrap().payload;
    assert_eq!(
        (&told["wasPaid"], &told["paymentId"]),
        (&json!(true), &json!("pay1"))
    );
}

#[test]
fn a_vendor_calls_off_what_nobody_else_sells() {
    let shop = Shop::new();
    let shared = shop.placed(ANNA, &[("watch", 1), ("strap", 1)]);
    let forbidden = refusal(403, "forbidden", None);
    assert_eq!(
        refused(shop.move_to(Who::Vendor("v1"), &shared, "cancelled")),
        forbidden
    );
    assert_eq!(refused(shop.cancel(Who::Vendor("v1"), &shared)), forbidden);
    // Nor is the others' stock kept from coming back.
    for status in ["confirmed", "shipped", "completed"] {
        assert_eq!(
            refused(shop.move_to(Who::Vendor("v1"), &shared, status)),
            refusal(409, "not-paid", Some("status")),
            "{status}"
        );
    }
    let own = shop.placed(ANNA, &[("watch", 1)]);
    assert_eq!(
        shop.move_to(Who::Vendor("v1"), &own, "cancelled").unwrap()["status"],
        "cancelled"
    );
    assert_eq!(stock("watch"), Some(4));
    assert_eq!(
        shop.move_to(Who::Admin, &shared, "cancelled").unwrap()["status"],
        "cancelled"
    );
    assert_eq!((stock("watch"), stock("strap")), (Some(5), Some(10)));
}
