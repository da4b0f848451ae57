//! The transactions, as an administrator reads them.

use super::*;

fn list(shop: &Shop, query: &str) -> Result<Value> {
    let request = shop
        .host
        .request("list_transactions")
        .account("root", "admin");
    request
        .query(query)
        .send(crate::dispatch)
        .map(|answer| answer.json())
}

#[test]
fn everything_that_happened_is_there_newest_first_and_bears_no_secret() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.host.advance(1);
    shop.confirm(
        "anna",
        &serde_json::json!({"paymentId": BY_STRIPE, "paymentMethodId": "pm_ok"}),
    )
    .unwrap();
    shop.host.advance(1);
    shop.cancel();
    shop.work().unwrap();
    let page = list(&shop, "paymentId=o1-stripe-1").unwrap();
    let items = page["items"].as_array().unwrap();
    let mut kinds: Vec<&str> = items
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    kinds.dedup();
    kinds.reverse();
    assert_eq!(
        kinds,
        ["created", "confirm", "state", "refund", "state"],
        "{page}"
    );
    let first = &items[items.len() - 1];
    assert_eq!(
        (
            &first["providerId"],
            &first["amount"],
            &first["currency"],
            &first["at"]
        ),
        (
            &"pi_1".into(),
            &20.into(),
            &"USD".into(),
            &"2026-01-01T00:00:00.000Z".into()
        )
    );
    assert!(!page.to_string().contains("secret"));
}

#[test]
fn they_are_paged_and_narrowed() {
    let shop = Shop::new();
    shop.by_stripe();
    shop.by_razorpay();
    shop.bank.paid_at_stripe();
    shop.turn_after(11);
    let whole = list(&shop, "").unwrap()["items"].as_array().unwrap().len();
    let first = list(&shop, "limit=2").unwrap();
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = list(&shop, &format!("limit=200&cursor={cursor}"));
    assert_eq!(rest.unwrap()["items"].as_array().unwrap().len(), whole - 2);
    for (query, count) in [
        ("paymentId=nothing", 0),
        ("orderId=o1&kind=created", 2),
        ("orderId=o2", 0),
    ] {
        assert_eq!(
            list(&shop, query).unwrap()["items"]
                .as_array()
                .unwrap()
                .len(),
            count,
            "{query}"
        );
    }
    for query in ["limit=0", "kind=rumour", "cursor=nonsense", "colour=red"] {
        assert_eq!(list(&shop, query).unwrap_err().status, 400, "{query}");
    }
}
