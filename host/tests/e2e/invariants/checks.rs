//! The checks themselves can fail: what is wrong with the books is seen.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::Place;
use super::books::{Books, Shelf};
use super::market::Market;

/// Does something wrong to the books.
type Wrong = fn(&mut Books);

fn any(shelf: &mut Shelf) -> &mut Value {
    shelf.values_mut().next().unwrap()
}

/// The same under another id.
fn twice(shelf: &mut Shelf) {
    let copy = any(shelf).clone();
    shelf.insert("copy".into(), copy);
}

const WRONGS: [(&str, Wrong); 9] = [
    ("an entry that makes money", |books| {
        any(&mut books.journal)["postings"][0]["minor"] = json!(1);
    }),
    ("a sale twice", |books| twice(&mut books.journal)),
    ("a sale of which nobody knows", |books| {
        books.journal.clear()
    }),
    ("money that nobody entered", |books| {
        let balance = any(&mut books.balances);
        balance["gross"] = json!(1_000_000);
    }),
    ("a payout that nobody set aside", |books| {
        let payout = json!({ "vendor_id": "v1", "currency": "USD", "minor": 5, "status": "paid" });
        books.payouts.insert("p".into(), payout);
    }),
    ("a licence twice", |books| twice(&mut books.licences)),
    ("a licence that was never issued", |books| {
        books.licences.clear()
    }),
    ("two payments that each paid", |books| {
        twice(&mut books.payments)
    }),
    ("an order that forgot its payment", |books| {
        any(&mut books.orders)["paymentStatus"] = json!("pending");
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_books_is_seen() {
    let market = Market::open(Place::Memory).await;
    market.sell("agent", "v1", 12.5, None).await;
    market.sell("watch", "v1", 19.99, Some(5)).await;
    let order = market.order("u1", "agent").await.unwrap();
    let _ = market.pay("u1", &order).await;
    let books = market.settled().await;
    books.assert_settled();
    for (what, wrong) in WRONGS {
        let mut books = books.clone();
        wrong(&mut books);
        let seen = catch_unwind(AssertUnwindSafe(|| books.assert_settled()));
        assert!(seen.is_err(), "nobody sees {what}");
    }
    let lost = catch_unwind(AssertUnwindSafe(|| books.assert_pieces("watch", 6)));
    assert!(lost.is_err(), "nobody misses a piece");
}
