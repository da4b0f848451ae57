//! Stories of vendors, on the fake host.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

pub mod catalog;
mod money;
mod people;
mod personal;
mod refunds;

use serde_json::{Value, json};
use stoa_guest::testing::Host;

use crate::ledger::{BALANCES, JOURNAL};

fn host() -> Host {
    Host::of(include_str!("../../plugin.toml"))
}

/// What payments tell of an order of one vendor.
fn payment(payment: &str, vendor: &str, net_minor: i64) -> Value {
    json!({
        "paymentId": payment, "orderId": format!("o-{payment}"), "currency": "USD",
        "lines": [{ "vendorId": vendor, "quantity": 1, "netMinor": net_minor }],
    })
}

fn pay(host: &Host, told: &Value) {
    let event = host.event("payment.success").json(told);
    event.deliver(crate::dispatch_event).unwrap();
}

/// The answer to a vendor's request.
fn ask(host: &Host, handler: &str, body: &Value) -> stoa_guest::Result<Value> {
    let request = host.request(handler).account("v1", "vendor").json(body);
    request.send(crate::dispatch).map(|answer| answer.json())
}

/// Every entry sums to zero, and every balance is what its entries sum to.
fn books_are_right() {
    let entries = JOURNAL.query().limit(200).run().unwrap().items;
    for entry in &entries {
        let sum: i64 = entry
            .value
            .postings
            .iter()
            .map(|posting| posting.minor)
            .sum();
        assert_eq!(sum, 0, "{entry:?}");
    }
    for balance in BALANCES.query().limit(200).run().unwrap().items {
        let balance = balance.value;
        let own = entries.iter().map(|stored| &stored.value).filter(|entry| {
            entry.vendor_id == balance.vendor_id && entry.currency == balance.currency
        });
        let gained: i64 = own.map(crate::ledger::Entry::gain).sum();
        assert_eq!(gained, balance.available, "{balance:?}");
        let earned = balance.gross - balance.refunded - balance.fees;
        assert_eq!(
            earned - balance.pending - balance.paid_out,
            balance.available
        );
    }
}
