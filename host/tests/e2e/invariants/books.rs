//! What is written down of goods and money, read past the plugins that wrote it, and what has to be true of it.

use std::collections::BTreeMap;

use serde_json::Value;
use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::limits::PAGE_LIMIT_MAX;
use stoa_kernel::query::Query;
use stoa_kernel::store::{Store, UnitOfWork};

use crate::payments::bank::Bank;

/// The ledger's accounts, as they are stored.
const ACCOUNTS: [&str; 4] = ["cash", "vendor", "fees", "payouts"];

/// The collections that are read, by plugin and name.
pub const COLLECTIONS: [(&str, &str); 7] = [
    ("vendors", "journal"),
    ("vendors", "balances"),
    ("vendors", "payouts"),
    ("orders", "orders"),
    ("payments", "payments"),
    ("downloads", "licences"),
    ("catalog", "products"),
];

/// Documents of one collection by their ids.
pub type Shelf = BTreeMap<String, Value>;

/// Everything that money and goods leave behind.
#[derive(Clone)]
pub struct Books {
    pub journal: Shelf,
    pub balances: Shelf,
    pub payouts: Shelf,
    pub orders: Shelf,
    pub payments: Shelf,
    pub licences: Shelf,
    pub products: Shelf,
}

impl Books {
    /// Reads all of it. While others write, each page is of its own time.
    pub async fn read(store: &dyn Store, tenant: &TenantId) -> Self {
        let unit = store.begin(tenant).await.unwrap();
        let mut shelves = Vec::new();
        for (plugin, name) in COLLECTIONS {
            shelves.push(shelf(&*unit, plugin, name).await);
        }
        let shelves: [Shelf; COLLECTIONS.len()] = shelves.try_into().unwrap();
        let [
            journal,
            balances,
            payouts,
            orders,
            payments,
            licences,
            products,
        ] = shelves;
        Self {
            journal,
            balances,
            payouts,
            orders,
            payments,
            licences,
            products,
        }
    }

    /// What holds at every moment: no entry makes or loses money, and what a vendor has is what was sold, less what it
    /// cost, what went back, what was paid out and what is about to be.
    pub fn assert_balanced(&self) {
        for (id, entry) in &self.journal {
            let sum: i64 = postings(entry).map(|(_, minor)| minor).sum();
            assert_eq!(sum, 0, "{id}: {entry}");
        }
        for (id, balance) in &self.balances {
            let of = |member: &str| balance[member].as_i64().unwrap();
            let earned = of("gross") - of("fees") - of("refunded");
            let held = of("available") + of("pending") + of("paid_out");
            assert_eq!(earned, held, "{id}: {balance}");
            assert!(of("pending") >= 0 && of("paid_out") >= 0, "{id}: {balance}");
            assert!(of("refunded") <= of("gross"), "{id}: {balance}");
        }
        for (id, payment) in &self.payments {
            let back = payment["refundedMinor"].as_i64().unwrap();
            let taken = payment["amount"]["minor"].as_i64().unwrap();
            assert!((0..=taken).contains(&back), "{id}: {payment}");
        }
    }

    /// What holds once nothing waits any more.
    pub fn assert_settled(&self) {
        self.assert_balanced();
        self.assert_balances_are_the_journals();
        self.assert_payouts_are_the_balances();
        for (id, order) in &self.orders {
            self.assert_sold_once(id, order);
        }
        let orders = &self.orders;
        for (id, licence) in &self.licences {
            let order = &orders[text(licence, "order_id")];
            assert_eq!(licence["payment_id"], order["paymentId"], "{id}: {licence}");
        }
        for (id, entry) in &self.journal {
            let is_about_an_order = matches!(text(entry, "kind"), "sale" | "refund");
            let reference = text(entry, "reference");
            assert!(
                !is_about_an_order || orders.contains_key(reference),
                "{id}: {entry}"
            );
        }
    }

    /// These orders, by the provider's names of their payments, are all that there are; each was paid once, and the
    /// provider took the money once.
    pub fn assert_paid(&self, orders: &[(String, String)], bank: &Bank) {
        let mut known: Vec<&String> = orders.iter().map(|(order, _)| order).collect();
        known.sort();
        assert_eq!(self.orders.keys().collect::<Vec<_>>(), known);
        for (order, intent) in orders {
            assert_eq!(self.orders[order]["paymentStatus"], "paid", "{order}");
            assert_eq!(bank.charges(intent), 1, "{order} by {intent}");
        }
        // One of which the provider has never heard may have been given up.
        let payments = self.payments.values();
        let standing = payments.filter(|payment| payment["status"] != "canceled");
        assert_eq!(standing.count(), orders.len(), "{:?}", self.payments);
    }

    /// Each balance is the sum of its entries.
    fn assert_balances_are_the_journals(&self) {
        let mut sums: BTreeMap<String, BTreeMap<&str, i64>> = BTreeMap::new();
        for entry in self.journal.values() {
            let owner = format!("{}:{}", text(entry, "vendor_id"), text(entry, "currency"));
            let sums = sums.entry(owner).or_default();
            for (account, minor) in postings(entry) {
                let (kind, credit) = (text(entry, "kind"), -minor);
                match (kind, account) {
                    ("sale", "cash") => *sums.entry("gross").or_default() += minor,
                    ("refund", "cash") => *sums.entry("refunded").or_default() -= minor,
                    ("payout-paid", "cash") => *sums.entry("paid_out").or_default() -= minor,
                    (_, "cash") => panic!("cash moves by {kind}: {entry}"),
                    (_, "vendor") => *sums.entry("available").or_default() += credit,
                    (_, "fees") => *sums.entry("fees").or_default() += credit,
                    (_, "payouts") => *sums.entry("pending").or_default() += credit,
                    _ => panic!("{account} is no account of {ACCOUNTS:?}"),
                }
            }
        }
        let owners: Vec<&String> = self.balances.keys().collect();
        assert_eq!(owners, sums.keys().collect::<Vec<_>>());
        for (owner, sums) in &sums {
            for member in [
                "gross",
                "refunded",
                "fees",
                "available",
                "pending",
                "paid_out",
            ] {
                let sum = sums.get(member).copied().unwrap_or_default();
                let kept = self.balances[owner][member].as_i64().unwrap();
                assert_eq!(kept, sum, "{member} of {owner}");
            }
        }
    }

    /// What is pending and paid is the sum of the payouts that are.
    fn assert_payouts_are_the_balances(&self) {
        for (owner, balance) in &self.balances {
            let sum = |status: &str| {
                let payouts = self.payouts.values().filter(|payout| {
                    let of = format!("{}:{}", text(payout, "vendor_id"), text(payout, "currency"));
                    of == *owner && text(payout, "status") == status
                });
                payouts
                    .map(|payout| payout["minor"].as_i64().unwrap())
                    .sum::<i64>()
            };
            assert_eq!(balance["pending"], sum("pending"), "pending of {owner}");
            assert_eq!(balance["paid_out"], sum("paid"), "paid to {owner}");
        }
    }

    /// Whoever paid is in the ledger once and has each licence once, and keeps it until all of the money is back; if that was
    /// sooner than the licence, none is issued any more. Whoever did not pay is nowhere.
    fn assert_sold_once(&self, id: &str, order: &Value) {
        let (status, payment_status) = (text(order, "status"), text(order, "paymentStatus"));
        let was_paid = matches!(payment_status, "paid" | "refunded");
        let went_back = was_paid && matches!(status, "cancelled" | "refunded");
        self.assert_shared(id, order, was_paid, went_back);

        let settled = self
            .payments
            .values()
            .filter(|payment| text(payment, "orderId") == id && payment["settled"] == "paid");
        let settled: Vec<&Value> = settled.map(|payment| &payment["id"]).collect();
        match was_paid {
            true => assert_eq!(settled, [&order["paymentId"]], "{id}: {order}"),
            false => assert!(settled.is_empty(), "{id} is not paid: {settled:?}"),
        }

        let downloads = lines(order).filter(|line| line["counted"] == false);
        let licences = self.licences.values();
        let licences: Vec<&Value> = licences
            .filter(|licence| text(licence, "order_id") == id)
            .collect();
        let downloads = if was_paid { downloads.count() } else { 0 };
        match went_back {
            true => assert!(licences.len() <= downloads, "licences of {id}: {order}"),
            false => assert_eq!(licences.len(), downloads, "licences of {id}: {order}"),
        }
        for licence in licences {
            assert_eq!(!licence["revoked_at"].is_null(), went_back, "{licence}");
        }
    }

    /// Pieces of a product in orders that count.
    pub fn sold(&self, product: &str) -> u64 {
        let orders = self.orders.values();
        let standing =
            orders.filter(|order| !matches!(text(order, "status"), "cancelled" | "refunded"));
        let pieces = standing
            .flat_map(lines)
            .filter(|line| text(line, "productId") == product && line["counted"] == true);
        pieces.map(|line| line["quantity"].as_u64().unwrap()).sum()
    }

    /// Every piece is on the shelf or in an order that counts, and none of them twice.
    pub fn assert_pieces(&self, product: &str, all: u64) {
        let left = self.products[product]["offer"]["stock"].as_u64().unwrap();
        let sold = self.sold(product);
        assert_eq!(left + sold, all, "{left} left and {sold} sold of {product}");
    }
}

pub fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    let found = value[member].as_str();
    found.unwrap_or_else(|| panic!("no {member} in {value}"))
}

pub fn lines(order: &Value) -> impl Iterator<Item = &Value> {
    order["lines"].as_array().unwrap().iter()
}

pub fn postings(entry: &Value) -> impl Iterator<Item = (&str, i64)> {
    let postings = entry["postings"].as_array().unwrap().iter();
    postings.map(|posting| (text(posting, "account"), posting["minor"].as_i64().unwrap()))
}

/// All documents of a collection.
pub async fn shelf(unit: &dyn UnitOfWork, plugin: &str, name: &str) -> Shelf {
    let (collection, mut all) = (CollectionName::new(plugin, name), Shelf::new());
    let mut query = Query {
        limit: PAGE_LIMIT_MAX,
        ..Query::default()
    };
    loop {
        let page = unit.query(&collection, &query).await.unwrap();
        for document in &page.items {
            let body = serde_json::from_str(&document.body).unwrap();
            all.insert(document.id.to_string(), body);
        }
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return all;
        }
    }
}
