//! An order as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::address::Address;
use crate::status::{PaymentStatus, Status};

const ORDERS: Collection<Order> = Collection::new("orders");
const SALES: Collection<Sale> = Collection::new("sales");

/// Vendors' sales by [`Sale::id`].
pub const fn sales() -> Collection<Sale> {
    SALES
}

/// All orders, for queries. They are written by [`Order::create`] and [`Order::save`] alone.
pub const fn orders() -> Collection<Order> {
    ORDERS
}

/// A product of an order, as it was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub product_id: String,
    pub vendor_id: String,
    pub name: String,
    pub thumbnail: Option<String>,
    pub quantity: u32,
    pub unit_price_minor: i64,
    /// For all pieces, less their part of the discount.
    pub net_minor: i64,
    /// Whether pieces were taken from stock, and so have to come back.
    pub counted: bool,
    /// Whether the buyer was given it for good, such as a file.
    #[serde(default)]
    pub handed_over: bool,
}

impl Line {
    /// For all pieces, before discounts.
    pub const fn gross_minor(&self) -> i64 {
        self.unit_price_minor.saturating_mul(self.quantity as i64)
    }
}

/// Who moved an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Mover {
    Buyer,
    Vendor,
    Admin,
    /// A payment that came in or went back.
    Payment,
    /// Nobody paid in time.
    Clock,
}

/// One step of an order's way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub status: Status,
    pub by: Mover,
    /// Milliseconds since 1970.
    pub at: u64,
}

/// Whom the buyer wants to pay through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentMethod {
    Stripe,
    Razorpay,
}

impl PaymentMethod {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Razorpay => "razorpay",
        }
    }

    /// The method that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Stripe, Self::Razorpay];
        all.into_iter().find(|method| method.word() == word)
    }
}

/// A stored order. Amounts are minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// For people, and nobody else's.
    pub number: String,
    pub buyer_id: String,
    pub buyer_email: Option<String>,
    pub status: Status,
    pub payment_status: PaymentStatus,
    /// The payment that paid it.
    pub payment_id: Option<String>,
    /// Why the last payment failed.
    pub payment_failure: Option<String>,
    /// Whom the buyer wants to pay through; once it is paid, whom it was paid through.
    pub payment_method: Option<PaymentMethod>,
    pub currency: String,
    pub lines: Vec<Line>,
    /// The vendors of the lines, each once.
    pub vendor_ids: Vec<String>,
    /// The products of the lines, for queries.
    pub product_ids: Vec<String>,
    pub subtotal_minor: i64,
    pub discount_minor: i64,
    pub shipping_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    /// What of the total has gone back.
    #[serde(default)]
    pub refunded_minor: i64,
    pub discount_code: Option<String>,
    pub discount_label: Option<String>,
    pub shipping_label: Option<String>,
    pub shipping_address: Option<Address>,
    pub billing_address: Option<Address>,
    /// The buyer's words.
    pub notes: Option<String>,
    pub tracking_number: Option<String>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Where it has been, oldest first.
    pub history: Vec<Step>,
    /// Milliseconds since 1970, like all times.
    pub created_at: u64,
    pub updated_at: u64,
    /// When it is cancelled unless it is paid before.
    pub expires_at: Option<u64>,
    /// Whether its buyer is here no more, and nothing names them.
    #[serde(default)]
    pub is_erased: bool,
}

/// That an order has products of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sale {
    pub vendor_id: String,
    pub order_id: String,
    /// The order's.
    pub status: Status,
    /// The order's.
    pub created_at: u64,
}

impl Sale {
    fn id(order_id: &str, vendor_id: &str) -> String {
        format!("{order_id}:{vendor_id}")
    }
}

impl Order {
    /// Whether its money came in and did not go back.
    pub fn is_paid(&self) -> bool {
        self.payment_status == PaymentStatus::Paid
    }

    /// What of the total has gone back. Orders that were refunded before parts were known have no sum of it.
    pub const fn back_minor(&self) -> i64 {
        match self.payment_status {
            PaymentStatus::Refunded => self.total_minor,
            _ => self.refunded_minor,
        }
    }

    /// Whether there is nothing to pay.
    pub const fn is_free(&self) -> bool {
        self.total_minor == 0
    }

    /// Whether it still waits for its payment.
    pub fn is_unpaid(&self) -> bool {
        self.status == Status::Pending && !self.is_paid()
    }

    /// Whether it has products of this vendor.
    pub fn is_of_vendor(&self, vendor_id: &str) -> bool {
        self.vendor_ids.iter().any(|known| known == vendor_id)
    }

    /// The order by its id, or by its number; none if there is none. What can't be an id is nobody's.
    pub fn find(id: &str) -> Result<Option<(String, Self)>> {
        let id = if crate::number::is_number(id) {
            let named = ORDERS.query().filter(eq("number", id)).limit(1).run()?;
            match named.items.into_iter().next() {
                Some(found) => found.id,
                None => return Ok(None),
            }
        } else {
            id.to_owned()
        };
        if id.is_empty() || id.len() > ID_BYTES_MAX || id.contains(char::is_control) {
            return Ok(None);
        }
        // Read by its id also when found by its number: only so do changes meanwhile count as conflicts.
        Ok(ORDERS.get(&id)?.map(|order| (id, order)))
    }

    /// Keeps a new order.
    pub fn create(&self, id: &str) -> Result<(), StorageError> {
        ORDERS.create(id, self)?;
        for (sale_id, sale) in self.sales(id) {
            SALES.create(&sale_id, &sale)?;
        }
        Ok(())
    }

    /// Moves on, if the way leads there.
    pub fn step(&mut self, id: &str, next: Status, by: Mover) -> Result<()> {
        if !self.status.may_become(next, self.is_paid()) {
            let (from, to) = (self.status.word(), next.word());
            let detail = format!("A {from} order does not become {to}.");
            return Err(Problem::conflict("wrong-status", detail).with_field("status"));
        }
        let at = clock::now_ms();
        self.status = next;
        self.history.push(Step {
            status: next,
            by,
            at,
        });
        self.save(id)?;
        Ok(self.list_sales(id)?)
    }

    /// Is paid by this payment, and goes on if it has waited for it. Whom it came through is known of some payments.
    pub fn pay(
        &mut self,
        id: &str,
        payment_id: String,
        method: Option<PaymentMethod>,
    ) -> Result<()> {
        self.payment_status = PaymentStatus::Paid;
        self.payment_id = Some(payment_id);
        self.payment_failure = None;
        self.payment_method = method.or(self.payment_method);
        match self.status {
            Status::Pending => self.step(id, Status::Processing, Mover::Payment),
            // Somebody has taken it on before it was paid.
            _ => self.save(id),
        }
    }

    /// Keeps what has become of it.
    pub fn save(&mut self, id: &str) -> Result<()> {
        self.updated_at = clock::now_ms();
        ORDERS.put(id, self)?;
        Ok(())
    }

    /// Tells the vendors' lists where the order is.
    fn list_sales(&self, id: &str) -> Result<(), StorageError> {
        for (sale_id, sale) in self.sales(id) {
            SALES.put(&sale_id, &sale)?;
        }
        Ok(())
    }

    /// What the vendors' lists have of the order, by its place there.
    fn sales(&self, id: &str) -> impl Iterator<Item = (String, Sale)> {
        self.vendor_ids.iter().map(move |vendor_id| {
            let sale = Sale {
                vendor_id: vendor_id.clone(),
                order_id: id.to_owned(),
                status: self.status,
                created_at: self.created_at,
            };
            (Sale::id(id, vendor_id), sale)
        })
    }
}

/// Bytes of an order's id: a ULID has 26.
const ID_BYTES_MAX: usize = 64;
