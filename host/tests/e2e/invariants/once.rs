//! What is good once, tried many times at once. What signs people in is raced where accounts are tested, and
//! invitations and seats where organisations are.

use http::Method;
use serde_json::Value;

use super::market::{Market, insist};
use super::{Place, at_once, count, on_both_stores};

/// Attempts at once.
const PARALLEL: usize = 32;
/// Links that a licence is good for.
const LINKS: u64 = 1;

on_both_stores!(
    the_last_link_of_a_licence_is_given_once,
    a_licence_is_issued_once_however_many_ask_for_it,
);

async fn the_last_link_of_a_licence_is_given_once(place: Place) {
    let one_link = [("downloads", "links_per_licence_max", LINKS.into())];
    let market = Market::open_with(place, &one_link).await;
    market.sell("agent", "v1", 5.0, None).await;
    let order = market.order("u1", "agent").await.unwrap();
    let _ = market.pay("u1", &order).await;
    let statuses = at_once(PARALLEL, |_| {
        let buyer = market.host.user("u1");
        async move {
            let path = "/api/downloads/agent/download";
            let given = insist(&buyer, Method::GET, path, &Value::Null).await;
            given.status.as_u16()
        }
    })
    .await;
    assert_eq!(
        (count(&statuses, &200), count(&statuses, &403)),
        (1, PARALLEL - 1)
    );
    let books = market.settled().await;
    books.assert_settled();
    let links: Vec<&Value> = books
        .licences
        .values()
        .map(|known| &known["links"])
        .collect();
    assert_eq!(links, [LINKS]);
}

/// By the event of its payment, and by everybody who asks before that is handled.
async fn a_licence_is_issued_once_however_many_ask_for_it(place: Place) {
    let market = Market::open(place).await;
    market.sell("agent", "v1", 5.0, None).await;
    let order = market.order("u1", "agent").await.unwrap();
    let _ = market.pay("u1", &order).await;
    let keys = at_once(PARALLEL, |_| {
        let buyer = market.host.user("u1");
        async move {
            let path = "/api/downloads/agent/license";
            let told = insist(&buyer, Method::GET, path, &Value::Null).await;
            told.json_of(200)["licenseKey"].clone()
        }
    })
    .await;
    assert_eq!(count(&keys, &keys[0]), PARALLEL, "{keys:?}");
    let books = market.settled().await;
    books.assert_settled();
    assert_eq!(books.licences.len(), 1);
}
