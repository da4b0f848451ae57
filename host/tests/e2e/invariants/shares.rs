//! What the ledger says of one order: each vendor's sale, and what was taken back of it in one part or many.

use std::collections::BTreeMap;

use serde_json::Value;

use super::books::{Books, lines, postings, text};

/// One vendor's part of an order, in minor units.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Share {
    /// What its lines brought.
    net: i64,
    pieces: u64,
    sales: usize,
    gross: i64,
    fee: i64,
    /// What was taken back, before fees, and of the fee.
    back: i64,
    fee_back: i64,
    pieces_back: u64,
}

impl Books {
    /// Whoever paid is in the ledger once with each vendor's part; of that, each vendor has given back its part of what went back,
    /// the fee's part with it, and no more.
    pub fn assert_shared(&self, id: &str, order: &Value, was_paid: bool, went_back: bool) {
        let shares = self.shares(id, order);
        let (total, back) = (minor(order, "totalMinor"), minor(order, "refundedMinor"));
        let payment = order["paymentId"].as_str();
        let payment = payment.and_then(|payment| self.payments.get(payment));
        let known = payment.map_or(0, |payment| minor(payment, "refundedMinor"));
        assert_eq!(back, if was_paid { known } else { 0 }, "{id}: {order}");
        let (mut nets, mut backs) = (0, 0);
        for (vendor, share) in &shares {
            let about = format!("{vendor} of {id}: {share:?}, {order}");
            if !was_paid {
                let nothing = Share {
                    net: share.net,
                    pieces: share.pieces,
                    ..Share::default()
                };
                assert_eq!(*share, nothing, "{about}");
                continue;
            }
            assert_eq!((share.sales, share.gross), (1, share.net), "{about}");
            let pieces_back = if went_back { share.pieces } else { 0 };
            assert_eq!(share.pieces_back, pieces_back, "{about}");
            let kept = share.net - share.back;
            let fee_kept = share.fee - share.fee_back;
            let off = 2 * (fee_kept * share.net - share.fee * kept).abs();
            assert!(off <= share.net, "the fee of {about}");
            match went_back {
                true => assert_eq!((share.back, fee_kept), (share.net, 0), "{about}"),
                false => {
                    // Half a unit of its own, and what the halves of the others and of nobody's part leave.
                    let off = 2 * (share.back * total - back * share.net).abs();
                    let others = i64::try_from(shares.len()).unwrap() + 1;
                    assert!(off <= (others + 1) * total, "the part of {about}");
                }
            }
            nets += share.net;
            backs += share.back;
        }
        if nets == total && !went_back {
            assert_eq!(backs, back, "parts of {id}: {order}");
        }
    }

    fn shares(&self, id: &str, order: &Value) -> BTreeMap<String, Share> {
        let mut shares: BTreeMap<String, Share> = BTreeMap::new();
        for line in lines(order) {
            let share = shares.entry(text(line, "vendorId").into()).or_default();
            share.net += minor(line, "netMinor");
            share.pieces += line["quantity"].as_u64().unwrap();
        }
        let entries = self.journal.values();
        for entry in entries.filter(|entry| text(entry, "reference") == id) {
            let vendor = text(entry, "vendor_id");
            let share = shares.get_mut(vendor);
            let share = share.unwrap_or_else(|| panic!("{vendor} sold nothing of {id}: {entry}"));
            let sum = |wanted: &str| {
                let postings = postings(entry).filter(|(account, _)| *account == wanted);
                postings.map(|(_, minor)| minor).sum::<i64>()
            };
            let pieces = entry["pieces"].as_u64().unwrap();
            match text(entry, "kind") {
                "sale" => {
                    share.sales += 1;
                    share.gross += sum("cash");
                    share.fee -= sum("fees");
                }
                "refund" => {
                    assert!(
                        sum("cash") <= 0 && sum("fees") >= 0,
                        "a part gives: {entry}"
                    );
                    share.back -= sum("cash");
                    share.fee_back += sum("fees");
                    share.pieces_back += pieces;
                }
                kind => panic!("{kind} is not about an order: {entry}"),
            }
        }
        shares
    }
}

fn minor(value: &Value, member: &str) -> i64 {
    let found = value[member].as_i64();
    found.unwrap_or_else(|| panic!("no {member} in {value}"))
}
