//! Placing orders: what is taken, what is refused, and what is told.

use super::*;
use crate::order;

fn nothing_happened(shop: &Shop) {
    assert_eq!((stock("watch"), stock("strap")), (Some(5), Some(10)));
    assert!(order::orders().query().run().unwrap().items.is_empty());
    assert!(shop.0.events().is_empty());
}

#[test]
fn an_order_costs_what_the_catalogue_says_and_takes_the_stock() {
    let shop = Shop::new();
    let order = shop.place(ANNA, &[("watch", 2), ("agent", 1)]);
    for (name, expected) in [
        ("userId", json!("anna")),
        ("subtotal", json!(44.98)),
        ("discount", json!(0)),
        ("shipping", json!(0)),
        ("tax", json!(0)),
        ("total", json!(44.98)),
        ("currency", json!("USD")),
        ("status", json!("pending")),
        ("paymentStatus", json!("pending")),
        ("expiresAt", json!("2026-01-01T01:00:00.001Z")),
    ] {
        assert_eq!(order[name], expected, "{name}");
    }
    let line = &order["items"][0];
    assert_eq!(
        (
            &line["productName"],
            &line["price"],
            &line["subtotal"],
            &line["vendorId"]
        ),
        (&json!("WATCH"), &json!(19.99), &json!(39.98), &json!("v1"))
    );
    // The same under the names that others' clients know.
    assert_eq!(
        (&order["orderId"], &line["product"]),
        (&order["id"], &line["productId"])
    );
    assert_eq!(
        order["payment"],
        json!({"status": "pending", "amount": 44.98, "currency": "USD"})
    );
    assert_eq!(stock("watch"), Some(3));
    assert_eq!(shop.see(ANNA, &id(&order)).unwrap(), order);
    let number = order["orderNumber"].as_str().unwrap();
    assert!(number.starts_with("ORD-20260101-"), "{number}");
    assert_eq!(shop.see(ANNA, number).unwrap(), order);
}

#[test]
fn a_cart_becomes_an_order_and_is_empty_then() {
    let shop = Shop::new();
    cart::put("anna", None, "watch", 1);
    cart::put("anna", None, "strap", 3);
    cart::put("anna", Some("b1"), "agent", 1);
    cart::put("ben", None, "strap", 1);
    // Nothing has to be said.
    let answer = shop.by(ANNA, "place_order").send(crate::dispatch).unwrap();
    assert_eq!(
        (answer.status, &answer.json()["total"]),
        (201, &json!(22.99))
    );
    let again = shop.by(ANNA, "place_order").send(crate::dispatch);
    assert_eq!(refused(again), refusal(409, "empty-order", Some("items")));
    let browser = shop
        .by(ANNA, "place_order")
        .session("b1")
        .send(crate::dispatch);
    assert_eq!(browser.unwrap().json()["total"], json!(5));
    assert_eq!(cart::all().len(), 1, "ben's cart is his own");
}

#[test]
fn a_product_may_be_called_by_its_other_name_but_not_by_both() {
    let shop = Shop::new();
    let by = |item: Value| shop.try_place(ANNA, json!({ "items": [item] }));
    let order = by(json!({ "product": "watch", "quantity": 2 })).unwrap();
    assert_eq!(order["items"][0]["productId"], "watch");
    let both = by(json!({ "product": "watch", "productId": "watch" }));
    assert_eq!(both.unwrap_err().status, 400);
    assert_eq!(stock("watch"), Some(3));
}

#[test]
fn what_is_ordered_by_name_leaves_the_cart() {
    let shop = Shop::new();
    cart::put("anna", None, "watch", 1);
    shop.place(ANNA, &[("agent", 1)]);
    assert_eq!(cart::all().len(), 1);
}

#[test]
fn others_are_told_of_an_order_and_its_time_begins() {
    let shop = Shop::new();
    let order = shop.place(ANNA, &[("watch", 2)]);
    let [created, expiry] = &shop.0.events()[..] else {
        panic!("{:?}", shop.0.events())
    };
    assert_eq!(
        (created.name.as_str(), &created.key),
        ("order.created", &id(&order))
    );
    assert_eq!(
        created.payload,
        json!({
            "orderId": order["id"], "number": order["orderNumber"], "userId": "anna", "buyerId": "anna",
            "buyerEmail": "anna@example.com", "currency": "USD", "totalMinor": 3_998,
            "lines": [{
                "productId": "watch", "vendorId": "v1", "name": "WATCH", "quantity": 2,
                "unitPriceMinor": 1_999, "netMinor": 3_998,
            }],
        })
    );
    assert_eq!(
        (expiry.name.as_str(), &expiry.payload),
        ("order.expiry", &json!({"orderId": order["id"]}))
    );
    assert_eq!(expiry.due_at_ms, created_at().map(|at| at + 60 * MINUTE_MS));
}

fn created_at() -> Option<u64> {
    let found = order::orders().query().run().unwrap().items;
    found.first().map(|order| order.value.created_at)
}

#[test]
fn an_order_may_wait_for_ever_if_the_operator_says_so() {
    let shop = Shop::new();
    shop.0.set("unpaid_minutes", 0);
    let order = shop.place(ANNA, &[("watch", 1)]);
    assert!(order.get("expiresAt").is_none());
    assert_eq!(shop.event_names(), ["order.created"]);
    shop.expire(&id(&order));
    assert_eq!(shop.see(ANNA, &id(&order)).unwrap()["status"], "pending");
}

#[test]
fn nobody_sells_more_than_there_is() {
    let shop = Shop::new();
    let scarce = refusal(409, "out-of-stock", Some("items.1.quantity"));
    let items = |quantity| json!({ "items": items_of(&[("agent", 1), ("watch", quantity)]) });
    assert_eq!(refused(shop.try_place(ANNA, items(6))), scarce);
    nothing_happened(&shop);
    shop.place(ANNA, &[("watch", 4)]);
    assert_eq!(refused(shop.try_place(ANNA, items(2))), scarce);
    shop.place(ANNA, &[("watch", 1)]);
    assert_eq!(refused(shop.try_place(ANNA, items(1))), scarce);
    assert_eq!(stock("watch"), Some(0));
}

#[test]
fn a_line_that_can_not_be_sold_is_named() {
    let shop = Shop::new();
    let mut euro = product("euro", 1_00, Some(1));
    euro.price.currency = "EUR".into();
    let mut withdrawn = product("withdrawn", 1_00, Some(1));
    withdrawn.purchasable = false;
    sell([catalog::all(), vec![euro, withdrawn]].concat());
    for (product, code) in [
        ("nothing", "unavailable"),
        ("withdrawn", "unavailable"),
        ("euro", "mixed-currencies"),
    ] {
        let items = items_of(&[("watch", 1), (product, 1)]);
        let result = shop.try_place(ANNA, json!({ "items": items }));
        assert_eq!(
            refused(result),
            refusal(409, code, Some("items.1.productId")),
            "{product}"
        );
        nothing_happened(&shop);
    }
    let euros = shop.place(ANNA, &[("euro", 1)]);
    assert_eq!(euros["currency"], "EUR");
}

#[test]
fn a_failure_after_the_first_line_was_taken_leaves_no_trace() {
    let shop = Shop::new();
    // The catalogue shows more than it has when it is asked to hand it over.
    let items = json!({ "items": items_of(&[("strap", 1), ("watch", 5)]) });
    points::tax::fill(|_| {
        catalog::take_stock("watch", 1).map_err(|_| points::tax::Error::Refused("gone".into()))?;
        Ok(0)
    });
    let result = shop.try_place(ANNA, items);
    assert_eq!(
        refused(result),
        refusal(409, "out-of-stock", Some("items.1.quantity"))
    );
    nothing_happened(&shop);
}

#[test]
fn quantities_have_bounds_and_add_up() {
    let shop = Shop::new();
    let order = shop.place(ANNA, &[("strap", 2), ("watch", 1), ("strap", 3)]);
    assert_eq!(order["items"].as_array().unwrap().len(), 2);
    assert_eq!(order["items"][0]["quantity"], 5);
    for (items, field) in [
        (items_of(&[("agent", 0)]), "items.0.quantity"),
        (items_of(&[("agent", 1_000)]), "items.0.quantity"),
        (
            items_of(&[("agent", 999), ("agent", 1)]),
            "items.1.quantity",
        ),
        (
            items_of(&[("agent", u32::MAX), ("agent", u32::MAX)]),
            "items.0.quantity",
        ),
    ] {
        let result = shop.try_place(ANNA, json!({ "items": items }));
        assert_eq!(
            refused(result),
            refusal(400, "invalid-request", Some(field))
        );
    }
    let ids: Vec<String> = (0..101).map(|i| format!("p{i}")).collect();
    let many: Vec<(&str, u32)> = ids.iter().map(|id| (id.as_str(), 1)).collect();
    let result = shop.try_place(ANNA, json!({ "items": items_of(&many) }));
    assert_eq!(
        refused(result),
        refusal(400, "invalid-request", Some("items"))
    );
}

#[test]
fn what_a_client_says_of_prices_is_refused() {
    let shop = Shop::new();
    let item = |more: Value| {
        let mut item = json!({ "productId": "watch", "quantity": 1 });
        stoa_guest::merge_patch(&mut item, more);
        json!({ "items": [item] })
    };
    for (body, field) in [
        (item(json!({"price": 0.01})), "items.0.price"),
        (item(json!({"quantity": -1})), "items.0.quantity"),
        (item(json!({"productId": 7})), "items.0.productId"),
        (
            json!({"items": items_of(&[("watch", 1)]), "total": 1}),
            "total",
        ),
        (json!({"items": {}}), "items"),
        (json!({"paymentMethod": "cash"}), "paymentMethod"),
        (
            json!({"discountCode": "x".repeat(65), "items": items_of(&[("watch", 1)])}),
            "discountCode",
        ),
        (
            json!({"notes": "x".repeat(1_001), "items": items_of(&[("watch", 1)])}),
            "notes",
        ),
    ] {
        let result = shop.try_place(ANNA, body.clone());
        assert_eq!(
            refused(result),
            refusal(400, "invalid-request", Some(field)),
            "{body}"
        );
    }
    let nothing = shop.try_place(ANNA, json!({ "items": [] }));
    assert_eq!(refused(nothing), refusal(409, "empty-order", Some("items")));
    nothing_happened(&shop);
}

#[test]
fn addresses_are_kept_and_bad_ones_refused() {
    let shop = Shop::new();
    let address = json!({
        "name": "Ada", "address": "1 Square", "city": "London", "zip": "sw1y", "country": "gb",
    });
    let body = json!({
        "items": items_of(&[("watch", 1)]), "shippingAddress": address, "billingAddress": address,
        "paymentMethod": "stripe", "notes": "Ring twice.",
    });
    let order = shop.try_place(ANNA, body.clone()).unwrap();
    assert_eq!(
        order["shippingAddress"],
        json!({
            "name": "Ada", "line1": "1 Square", "address": "1 Square", "city": "London",
            "postalCode": "SW1Y", "zip": "SW1Y", "country": "GB",
        })
    );
    assert_eq!(order["billingAddress"], order["shippingAddress"]);
    assert_eq!(order["billing"]["address"], order["shippingAddress"]);
    assert_eq!(order["billing"]["email"], order["email"]);
    assert_eq!(order["user"], order["userId"]);
    assert_eq!(
        (&order["paymentMethod"], &order["notes"]),
        (&json!("stripe"), &json!("Ring twice."))
    );
    let mut nowhere = body;
    nowhere["billingAddress"]["country"] = json!("Atlantis");
    assert_eq!(
        refused(shop.try_place(ANNA, nowhere)),
        refusal(400, "invalid-request", Some("billingAddress.country"))
    );
}

#[test]
fn an_operator_may_ask_where_goods_shall_go() {
    let shop = Shop::new();
    shop.0.set("address_required", true);
    let result = shop.try_place(ANNA, json!({ "items": items_of(&[("watch", 1)]) }));
    assert_eq!(
        refused(result),
        refusal(422, "unprocessable", Some("shippingAddress"))
    );
    shop.place(ANNA, &[("agent", 1)]);
}

#[test]
fn a_number_that_is_taken_is_drawn_again() {
    Shop::new().place(ANNA, &[("agent", 1)]);
    let taken = order::orders().query().run().unwrap().items.remove(0);
    // The fake host's clock and chance begin anew: the same number is drawn first.
    let shop = Shop::new();
    order::orders().put("another", &taken.value).unwrap();
    let second = shop.place(ANNA, &[("agent", 1)]);
    assert_ne!(json!(taken.value.number), second["orderNumber"]);
}

#[test]
fn a_vendor_buys_like_anybody() {
    let shop = Shop::new();
    let own = shop.place(Who::Vendor("v1"), &[("watch", 1), ("strap", 1)]);
    assert_eq!(own["items"].as_array().unwrap().len(), 2);
    assert_eq!(shop.see(Who::Vendor("v1"), &id(&own)).unwrap(), own);
}

#[test]
fn nobody_orders_without_an_account() {
    let shop = Shop::new();
    let request = shop.0.request("place_order").session("b1");
    let result = request
        .json(&json!({ "items": items_of(&[("watch", 1)]) }))
        .send(crate::dispatch);
    assert_eq!(refused(result), refusal(401, "unauthenticated", None));
    nothing_happened(&shop);
}

#[test]
fn the_largest_order_fits_into_its_event() {
    let shop = Shop::new();
    let ids: Vec<String> = (0..100).map(|i| format!("{i:0>64}")).collect();
    let large = |id: &String| {
        let mut large = product(id, 10_000_000_000, None);
        large.name = "\u{1F3DB}".repeat(200);
        large.vendor_id = id.clone();
        large
    };
    sell(ids.iter().map(large).collect());
    let items: Vec<(&str, u32)> = ids.iter().map(|id| (id.as_str(), 1)).collect();
    assert_eq!(shop.place(ANNA, &items)["total"], json!(10_000_000_000_u64));
}
