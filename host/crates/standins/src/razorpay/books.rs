//! What Razorpay has written down.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::objects::{Order, Payment, Refund, json as shown};
use crate::desk::Bookkeeping;
use crate::id;
use crate::post::Event;

/// The least that is charged: 1.00 of the currency.
const AMOUNT_MIN: i64 = 100;
/// Characters of a receipt.
const RECEIPT_MAX: usize = 40;
/// Notes of one object.
const NOTES_MAX: usize = 15;
/// Digits of an id.
const ID_DIGITS: usize = 14;

/// What somebody does past the API that shops use.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// The buyer pays an order on Razorpay's page.
    Pay { order: String, how: How },
    /// The next payment is declined, however it is made.
    DeclineNext,
    /// The shop's owner gives some of a payment's money back on Razorpay's own pages, past the shop.
    Refund { payment: String, units: i64 },
    /// Whether refunds wait from now on until they are settled.
    SlowRefunds(bool),
    /// The bank has decided about a refund.
    Settle { refund: String, good: bool },
}

/// How a payment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The money is there: the account fetches it by itself.
    Captured,
    /// The money is reserved, and the shop has to fetch it.
    Authorized,
    /// The card is declined.
    Failed,
}

/// What Razorpay has written down.
#[derive(Debug, Default)]
pub struct Books {
    pub now_s: u64,
    orders: Vec<Order>,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
    decline_next: bool,
    are_refunds_slow: bool,
    events: Vec<Event>,
}

impl Books {
    /// Notes that something happened.
    fn happened(&mut self, kind: &str, about: &[(&str, Value)]) {
        let id = id::fresh("evt", ID_DIGITS);
        let contains: Vec<&str> = about.iter().map(|(name, _)| *name).collect();
        let payload: Map<String, Value> = about
            .iter()
            .map(|(name, entity)| ((*name).to_owned(), json!({ "entity": entity })))
            .collect();
        let body = json!({
            "entity": "event", "account_id": "acc_StandIn0000000", "event": kind, "contains": contains,
            "payload": payload, "created_at": self.now_s,
        });
        self.events.push(Event {
            id,
            kind: kind.to_owned(),
            body: body.to_string(),
        });
    }

    pub fn create_order(&mut self, body: &Map<String, Value>) -> Result<Value, Fault> {
        only(
            body,
            &[
                "amount",
                "currency",
                "receipt",
                "notes",
                "partial_payment",
                "payment_capture",
            ],
        )?;
        let amount = amount(body)?;
        if amount < AMOUNT_MIN {
            return Err(Fault::bad("Order amount less than minimum amount allowed").of("amount"));
        }
        let order = Order {
            id: id::fresh("order", ID_DIGITS),
            entity: "order",
            amount,
            amount_paid: 0,
            amount_due: amount,
            currency: currency(body)?,
            receipt: receipt(body)?,
            offer_id: None,
            status: "created",
            attempts: 0,
            notes: notes(body)?,
            created_at: self.now_s,
        };
        let told = shown(&order);
        self.orders.push(order);
        Ok(told)
    }

    /// All orders, the newest first; those of one receipt if one is named.
    pub fn orders(&self, receipt: Option<&str>) -> Vec<Value> {
        let orders = self.orders.iter().rev();
        let is_wanted = |order: &&Order| receipt.is_none() || order.receipt.as_deref() == receipt;
        orders.filter(is_wanted).map(shown).collect()
    }

    pub fn order(&self, id: &str) -> Result<Value, Fault> {
        let found = self.orders.iter().find(|order| order.id == id);
        found.map(shown).ok_or_else(Fault::missing)
    }

    pub fn payments_of(&self, order: &str) -> Result<Vec<Value>, Fault> {
        self.order(order)?;
        let payments = self.payments.iter();
        let of_order = payments.filter(|payment| payment.order_id == order);
        Ok(of_order.map(shown).collect())
    }

    pub fn payment(&self, id: &str) -> Result<Value, Fault> {
        let found = self.payments.iter().find(|payment| payment.id == id);
        found.map(shown).ok_or_else(Fault::missing)
    }

    pub fn capture(&mut self, id: &str, body: &Map<String, Value>) -> Result<Value, Fault> {
        only(body, &["amount", "currency"])?;
        let (amount, currency) = (amount(body)?, currency(body)?);
        let payment = payment_mut(&mut self.payments, id)?;
        match payment.status {
            "authorized" => {}
            "captured" | "refunded" => {
                return Err(Fault::bad("This payment has already been captured"));
            }
            _ => {
                return Err(Fault::bad(
                    "Only payments which have been authorized and not yet captured can be captured",
                ));
            }
        }
        if amount != payment.amount || currency != payment.currency {
            return Err(
                Fault::bad("Capture amount must be equal to the amount authorized").of("amount"),
            );
        }
        payment.status = "captured";
        payment.captured = true;
        let told = payment.clone();
        self.captured(&told);
        Ok(shown(&told))
    }

    /// An order's money is there.
    fn captured(&mut self, payment: &Payment) {
        let paid = self
            .orders
            .iter_mut()
            .find(|order| order.id == payment.order_id);
        let order = paid.map(|order| {
            order.status = "paid";
            order.amount_paid = payment.amount;
            order.amount_due = order.amount - payment.amount;
            shown(order)
        });
        let payment = shown(payment);
        self.happened("payment.captured", &[("payment", payment.clone())]);
        let about = [("payment", payment), ("order", order.unwrap_or_default())];
        self.happened("order.paid", &about);
    }

    pub fn refund(&mut self, id: &str, body: &Map<String, Value>) -> Result<Value, Fault> {
        only(body, &["amount", "speed", "notes", "receipt"])?;
        let payment = payment_mut(&mut self.payments, id)?;
        if !payment.captured {
            return Err(Fault::bad(
                "The payment status should be captured for action to be taken",
            ));
        }
        let left = payment.amount - payment.amount_refunded;
        if left == 0 {
            return Err(Fault::bad("The payment has been fully refunded already"));
        }
        let amount = match body.get("amount") {
            Some(_) => amount(body)?,
            None => left,
        };
        if amount > left {
            let description = "The total refund amount is greater than the refund payment amount";
            return Err(Fault::bad(description).of("amount"));
        }
        if amount < AMOUNT_MIN.min(left) {
            return Err(Fault::bad("The amount must be atleast INR 1.00").of("amount"));
        }
        let refund = Refund {
            id: id::fresh("rfnd", ID_DIGITS),
            entity: "refund",
            amount,
            currency: payment.currency.clone(),
            payment_id: payment.id.clone(),
            notes: notes(body)?,
            receipt: receipt(body)?,
            acquirer_data: json!({"arn": null}),
            created_at: self.now_s,
            batch_id: None,
            status: if self.are_refunds_slow {
                "pending"
            } else {
                "processed"
            },
            speed_processed: "normal",
            speed_requested: "normal",
        };
        payment.amount_refunded += amount;
        settle(payment);
        let told = (shown(&refund), shown(payment));
        let about = [("refund", told.0.clone()), ("payment", told.1)];
        self.refunds.push(refund);
        self.happened("refund.created", &about);
        if !self.are_refunds_slow {
            self.happened("refund.processed", &about);
        }
        Ok(told.0)
    }

    pub fn refunds_list(&self, payment: &str) -> Result<Vec<Value>, Fault> {
        self.payment(payment)?;
        let refunds = self.refunds.iter();
        let of_payment = refunds.filter(|refund| refund.payment_id == payment);
        Ok(of_payment.map(shown).collect())
    }

    pub fn act(&mut self, act: &Act) -> Result<Value, Fault> {
        match act {
            Act::Pay { order, how } => self.pay(order, *how),
            Act::DeclineNext => {
                self.decline_next = true;
                Ok(json!({}))
            }
            Act::Refund { payment, units } => {
                let amount = ("amount".to_owned(), json!(units));
                self.refund(payment, &Map::from_iter([amount]))
            }
            Act::SlowRefunds(are_slow) => {
                self.are_refunds_slow = *are_slow;
                Ok(json!({}))
            }
            Act::Settle { refund, good } => self.settle_refund(refund, *good),
        }
    }

    fn pay(&mut self, id: &str, how: How) -> Result<Value, Fault> {
        let how = match std::mem::take(&mut self.decline_next) {
            true => How::Failed,
            false => how,
        };
        let now_s = self.now_s;
        let order = self.orders.iter_mut().find(|order| order.id == id);
        let order = order.ok_or_else(Fault::missing)?;
        if order.status == "paid" {
            return Err(Fault::bad("Order is already paid"));
        }
        order.status = "attempted";
        order.attempts += 1;
        let is_failed = how == How::Failed;
        let payment = Payment {
            id: id::fresh("pay", ID_DIGITS),
            entity: "payment",
            amount: order.amount,
            currency: order.currency.clone(),
            status: match how {
                How::Captured => "captured",
                How::Authorized => "authorized",
                How::Failed => "failed",
            },
            order_id: order.id.clone(),
            invoice_id: None,
            international: false,
            method: "card",
            amount_refunded: 0,
            refund_status: None,
            captured: how == How::Captured,
            description: None,
            email: "buyer@example.com",
            contact: "+919999999999",
            notes: order.notes.clone(),
            fee: None,
            tax: None,
            error_code: is_failed.then_some("BAD_REQUEST_ERROR"),
            error_description: is_failed.then_some("Your payment was declined by the bank."),
            error_source: is_failed.then_some("bank"),
            error_step: is_failed.then_some("payment_authorization"),
            error_reason: is_failed.then_some("payment_failed"),
            created_at: now_s,
        };
        self.payments.push(payment.clone());
        let reserved = Payment {
            status: "authorized",
            captured: false,
            ..payment.clone()
        };
        match how {
            How::Failed => self.happened("payment.failed", &[("payment", shown(&payment))]),
            How::Authorized | How::Captured => {
                self.happened("payment.authorized", &[("payment", shown(&reserved))]);
            }
        }
        if how == How::Captured {
            self.captured(&payment);
        }
        Ok(shown(&payment))
    }

    fn settle_refund(&mut self, id: &str, is_good: bool) -> Result<Value, Fault> {
        let refund = self.refunds.iter_mut().find(|refund| refund.id == id);
        let refund = refund.filter(|refund| refund.status == "pending");
        let refund = refund.ok_or_else(Fault::missing)?;
        let payment = payment_mut(&mut self.payments, &refund.payment_id)?;
        let kind = if is_good {
            refund.status = "processed";
            "refund.processed"
        } else {
            refund.status = "failed";
            payment.amount_refunded -= refund.amount;
            settle(payment);
            "refund.failed"
        };
        let told = shown(refund);
        let about = [("refund", told.clone()), ("payment", shown(payment))];
        self.happened(kind, &about);
        Ok(told)
    }

    /// How often money was fetched for an order.
    pub fn captures_of(&self, order: &str) -> usize {
        let payments = self.payments.iter();
        payments
            .filter(|payment| payment.order_id == order && payment.captured)
            .count()
    }
}

impl Bookkeeping for Books {
    fn begin(&mut self, now_s: u64) {
        self.now_s = now_s;
    }

    fn news(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn object(&self, id: &str) -> Option<Value> {
        let refund = self.refunds.iter().find(|refund| refund.id == id);
        let order = self.order(id).or_else(|_| self.payment(id));
        order.ok().or_else(|| refund.map(shown))
    }

    fn refunds_of(&self, payment: &str) -> usize {
        let refunds = self.refunds.iter();
        refunds
            .filter(|refund| refund.payment_id == payment && refund.status != "failed")
            .count()
    }
}

fn payment_mut<'a>(payments: &'a mut [Payment], id: &str) -> Result<&'a mut Payment, Fault> {
    let mut payments = payments.iter_mut();
    let found = payments.find(|payment| payment.id == id);
    found.ok_or_else(Fault::missing)
}

/// Says how much of a payment went back.
fn settle(payment: &mut Payment) {
    let is_full = payment.amount_refunded == payment.amount;
    payment.status = if is_full { "refunded" } else { "captured" };
    payment.refund_status = match payment.amount_refunded {
        0 => None,
        _ if is_full => Some("full"),
        _ => Some("partial"),
    };
}

fn only(body: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    let mut names = body.keys();
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Fault::bad(format!(
            "{name} is/are not required and should not be sent"
        ))),
    }
}

fn amount(body: &Map<String, Value>) -> Result<i64, Fault> {
    let amount = body.get("amount");
    let amount = amount.ok_or_else(|| Fault::bad("The amount field is required.").of("amount"))?;
    let amount = amount.as_i64().filter(|amount| *amount > 0);
    amount.ok_or_else(|| Fault::bad("The amount must be an integer.").of("amount"))
}

fn currency(body: &Map<String, Value>) -> Result<String, Fault> {
    let currency = body.get("currency").and_then(Value::as_str);
    let is_code =
        |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let currency = currency.filter(is_code);
    let refused = || Fault::bad("Currency is not supported").of("currency");
    currency.map(str::to_owned).ok_or_else(refused)
}

fn receipt(body: &Map<String, Value>) -> Result<Option<String>, Fault> {
    let receipt = body.get("receipt").and_then(Value::as_str);
    if receipt.is_some_and(|receipt| receipt.len() > RECEIPT_MAX) {
        let description = "The receipt may not be greater than 40 characters.";
        return Err(Fault::bad(description).of("receipt"));
    }
    Ok(receipt.map(str::to_owned))
}

/// Razorpay shows an empty list where there are none.
fn notes(body: &Map<String, Value>) -> Result<Value, Fault> {
    match body.get("notes") {
        None => Ok(json!([])),
        Some(Value::Object(notes)) if notes.len() <= NOTES_MAX => Ok(Value::from(notes.clone())),
        Some(_) => Err(Fault::bad(
            "The number of fields in notes should be less than or equal to 15",
        )
        .of("notes")),
    }
}
