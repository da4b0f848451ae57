//! Lists of orders, and what each sees of them.

use super::*;

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(id).collect()
}

#[test]
fn everybody_sees_their_own_orders_newest_first() {
    let shop = Shop::new();
    let first = shop.placed(ANNA, &[("watch", 1)]);
    let second = shop.placed(ANNA, &[("agent", 1)]);
    shop.placed(Who::Buyer("ben"), &[("agent", 1)]);
    let list = shop.list(ANNA, "list_orders", "").unwrap();
    assert_eq!(ids(&list), [second.clone(), first.clone()]);
    assert_eq!((&list["total"], &list["limit"]), (&json!(2), &json!(20)));
    assert_eq!(list["items"][0], shop.see(ANNA, &second).unwrap());
    shop.cancel(ANNA, &first).unwrap();
    let cancelled = shop.list(ANNA, "list_orders", "status=cancelled").unwrap();
    assert_eq!(ids(&cancelled), [first]);
}

#[test]
fn lists_are_paged_by_number_offset_and_cursor() {
    let shop = Shop::new();
    let placed = (0..5).map(|_| shop.placed(ANNA, &[("agent", 1)]));
    let mut all: Vec<String> = placed.collect();
    all.reverse();
    let page = |query: &str| shop.list(ANNA, "list_orders", query).unwrap();
    assert_eq!(ids(&page("page=2&limit=2")), all[2..4]);
    assert_eq!(ids(&page("offset=4&limit=2")), all[4..]);
    let first = page("limit=3");
    let cursor = first["nextCursor"].as_str().unwrap();
    assert_eq!(ids(&page(&format!("limit=3&cursor={cursor}"))), all[3..]);
    for handler in ["list_orders", "list_sales"] {
        for (query, field) in [
            ("page=0", "page"),
            ("limit=0", "limit"),
            ("offset=10001", "offset"),
            ("cursor=nonsense", "cursor"),
            ("status=lost", "status"),
            ("limit=-1", "limit"),
        ] {
            let problem = shop.list(Who::Vendor("v1"), handler, query).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field)),
                "{query}"
            );
        }
    }
}

#[test]
fn only_administrators_see_everybodys_orders() {
    let shop = Shop::new();
    let annas = shop.placed(ANNA, &[("watch", 1)]);
    let bens = shop.placed(Who::Buyer("ben"), &[("agent", 1)]);
    let forbidden = refusal(403, "forbidden", None);
    for who in [ANNA, Who::Vendor("v1")] {
        for query in ["all=true", "userId=ben"] {
            assert_eq!(refused(shop.list(who, "list_orders", query)), forbidden);
        }
    }
    assert_eq!(
        ids(&shop
            .list(ANNA, "list_orders", "userId=anna&all=false")
            .unwrap()),
        std::slice::from_ref(&annas)
    );
    let admins = |query| ids(&shop.list(Who::Admin, "list_orders", query).unwrap());
    assert_eq!(admins("all=true"), [bens.clone(), annas]);
    assert_eq!(admins("userId=ben"), [bens]);
    assert_eq!(admins(""), [""; 0]);
}

#[test]
fn a_vendor_sees_its_own_lines_and_where_to_send_them() {
    let shop = Shop::new();
    shop.0.set("tax_percent", 10);
    let address = json!({ "name": "Ada", "line1": "1", "city": "Berlin", "country": "DE" });
    let body = json!({
        "items": items_of(&[("watch", 1), ("strap", 2)]),
        "shippingAddress": address, "billingAddress": address,
    });
    let shared = id(&shop.try_place(ANNA, body).unwrap());
    let own = shop.placed(ANNA, &[("agent", 1)]);
    let list = shop.list(Who::Vendor("v1"), "list_sales", "").unwrap();
    assert_eq!(ids(&list), [own, shared.clone()]);
    let list = shop.list(Who::Vendor("v2"), "list_sales", "").unwrap();
    assert_eq!(
        (ids(&list), &list["total"]),
        (vec![shared.clone()], &json!(1))
    );
    let seen = &list["items"][0];
    assert_eq!(*seen, shop.see(Who::Vendor("v2"), &shared).unwrap());
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!((&seen["subtotal"], &seen["total"]), (&json!(2), &json!(2)));
    assert_eq!(seen["shippingAddress"]["city"], "Berlin");
    for hidden in [
        "email",
        "billing",
        "billingAddress",
        "tax",
        "shipping",
        "payment",
        "paymentId",
        "paymentIntent",
        "discountCode",
    ] {
        assert!(seen.get(hidden).is_none(), "{hidden}");
    }
    assert!(!seen.to_string().contains("WATCH"));
}

#[test]
fn a_vendors_list_follows_the_orders_status() {
    let shop = Shop::new();
    let vendor = Who::Vendor("v1");
    let first = shop.placed(ANNA, &[("watch", 1)]);
    let second = shop.placed(ANNA, &[("watch", 1)]);
    shop.move_to(vendor, &first, "shipped").unwrap();
    let of = |status: &str| {
        ids(&shop
            .list(vendor, "list_sales", &format!("status={status}"))
            .unwrap())
    };
    assert_eq!(
        (of("shipped"), of("pending")),
        (vec![first], vec![second.clone()])
    );
    shop.cancel(ANNA, &second).unwrap();
    assert_eq!((of("cancelled"), of("pending")), (vec![second], vec![]));
    assert_eq!(
        ids(&shop.list(Who::Vendor("v3"), "list_sales", "").unwrap()),
        [""; 0]
    );
}
