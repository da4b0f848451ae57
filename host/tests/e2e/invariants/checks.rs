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

/// The entry by which the vendor gave back its part.
fn part(books: &mut Books, vendor: &str) -> Value {
    let is_it = |entry: &Value| entry["kind"] == "refund" && entry["vendor_id"] == vendor;
    let found = books.journal.iter().find(|(_, entry)| is_it(entry));
    let id = found.unwrap().0.clone();
    let entry = books.journal.remove(&id).unwrap();
    change(books, &entry, -1);
    entry
}

/// Enters it, and the balance is right.
fn enter(books: &mut Books, entry: &Value) {
    change(books, entry, 1);
    let id = format!("refund:{}", books.journal.len());
    books.journal.insert(id, entry.clone());
}

fn change(books: &mut Books, entry: &Value, by: i64) {
    let owner = format!("{}:USD", entry["vendor_id"].as_str().unwrap());
    let balance = books.balances.get_mut(&owner).unwrap();
    let members = ["refunded", "available", "fees"];
    for (member, posting) in members
        .into_iter()
        .zip(entry["postings"].as_array().unwrap())
    {
        let minor = posting["minor"].as_i64().unwrap();
        balance[member] = json!(balance[member].as_i64().unwrap() - by * minor);
    }
}

/// Puts so much more on an entry, between two of its accounts.
fn shift(entry: &mut Value, from: usize, to: usize, minor: i64) {
    for (at, by) in [(from, -minor), (to, minor)] {
        let posting = &mut entry["postings"][at]["minor"];
        *posting = json!(posting.as_i64().unwrap() + by);
    }
}

const WRONGS: [(&str, Wrong); 17] = [
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
    ("a part that nobody gave back", |books| {
        let _ = part(books, "v1");
    }),
    ("a part that one gave back twice", |books| {
        let entry = part(books, "v1");
        enter(books, &entry);
        enter(books, &entry);
    }),
    ("a part of one that another gave back", |books| {
        let mut entry = part(books, "v1");
        entry["vendor_id"] = json!("v2");
        enter(books, &entry);
    }),
    ("a minor unit that got lost", |books| {
        let mut entry = part(books, "v1");
        shift(&mut entry, 1, 0, 1);
        enter(books, &entry);
    }),
    ("a fee that was kept", |books| {
        let mut entry = part(books, "v1");
        shift(&mut entry, 2, 1, 2);
        enter(books, &entry);
    }),
    ("a piece that came back with a part", |books| {
        let mut entry = part(books, "v2");
        entry["pieces"] = json!(1);
        enter(books, &entry);
    }),
    ("a part that the order does not know", |books| {
        any(&mut books.orders)["refundedMinor"] = json!(0);
    }),
    ("a licence that a part took", |books| {
        any(&mut books.licences)["revoked_at"] = json!(1);
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_books_is_seen() {
    let market = Market::open(Place::Memory).await;
    market.sell("agent", "v1", 12.5, None).await;
    market.sell("watch", "v2", 19.99, Some(5)).await;
    let order = market.order_of("u1", &["agent", "watch"]).await;
    let intent = market.pay("u1", &order.unwrap()).await;
    let _ = market.bank.give_back(&intent, 1_000).unwrap();
    market.tell_refunds(1, true, &intent).await;
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
