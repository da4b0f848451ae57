//! The two providers of these tests: they keep books as the real ones do, and lose answers when they are told to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::{Value, json};
use stoa_guest::outbound::Method;
use stoa_guest::testing::{Answered, Host, OutboundError, Sent};

/// What happens to the next request that changes anything.
#[derive(Debug, Clone, Copy)]
pub enum Mishap {
    /// It is done, and the answer is lost.
    Lost,
    /// It is done, and the answer is a server's error.
    Broken,
    /// Nobody is there.
    Down,
    /// It is put off.
    Busy,
    /// The credentials are wrong.
    Locked,
}

/// A payment intent, or an order of Razorpay's.
#[derive(Debug, Clone, Default)]
pub struct Account {
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub status: String,
    pub order_id: String,
    pub payment_id: String,
    /// How often money was taken for it.
    pub charges: u32,
    pub refunded: i64,
    /// How often money was given back.
    pub refunds: u32,
    /// Stripe's charge or Razorpay's payment.
    pub charge: String,
}

#[derive(Debug, Default)]
pub struct Books {
    pub stripe: Vec<Account>,
    pub razorpay: Vec<Account>,
    pub mishaps: VecDeque<Mishap>,
    /// Whether refunds take their time.
    pub is_slow: bool,
    /// Whether refunds fail.
    pub has_no_money: bool,
}

/// Both providers.
#[derive(Clone, Default)]
pub struct Bank(Rc<RefCell<Books>>);

type Answer = Result<Answered, OutboundError>;

fn answer(status: u16, body: &Value) -> Answer {
    Ok(Answered {
        status,
        headers: Vec::new(),
        body: serde_json::to_vec(body).unwrap(),
    })
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    answer(
        status,
        &json!({"error": {"code": code, "message": message, "description": message}}),
    )
}

/// The fields of a form, as far as these tests' fields need decoding.
fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let plain = |part: &str| {
        part.replace("%5B", "[")
            .replace("%5D", "]")
            .replace("%3A", ":")
            .replace("%2F", "/")
            .replace('+', " ")
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

impl Bank {
    /// Opens for business.
    pub fn open(host: &Host) -> Self {
        let bank = Self::default();
        let books = bank.0.clone();
        host.elsewhere(move |request| books.borrow_mut().serve(request));
        bank
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Books) -> T) -> T {
        act(&mut self.0.borrow_mut())
    }

    pub fn mishap(&self, mishap: Mishap) {
        self.with(|books| books.mishaps.push_back(mishap));
    }

    /// The first intent, which most stories are about.
    pub fn intent(&self) -> Account {
        self.with(|books| books.stripe[0].clone())
    }

    /// The first order of Razorpay's.
    pub fn order(&self) -> Account {
        self.with(|books| books.razorpay[0].clone())
    }

    /// The buyer pays on the provider's page.
    pub fn paid_at_stripe(&self) {
        self.with(|books| books.stripe[0].charge());
    }

    /// The buyer's money is reserved, or fetched as well.
    pub fn at_razorpay(&self, status: &str) {
        self.with(|books| {
            books.razorpay[0].status = status.into();
            if status == "captured" {
                books.razorpay[0].charges += 1;
            }
        });
    }
}

impl Account {
    fn charge(&mut self) {
        self.status = "succeeded".into();
        self.charges += 1;
    }

    pub fn intent(&self) -> Value {
        let is_paid = self.status == "succeeded";
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount,
            "amount_received": if is_paid { self.amount } else { 0 },
            "currency": self.currency, "status": self.status,
            "client_secret": format!("{}_secret_1", self.id),
            "latest_charge": is_paid.then_some(&self.charge),
            "metadata": {"orderId": self.order_id, "paymentId": self.payment_id},
        })
    }

    pub fn charge_of_razorpay(&self) -> Value {
        json!({
            "id": self.charge, "entity": "payment", "amount": self.amount, "currency": self.currency,
            "status": self.status, "order_id": self.id, "amount_refunded": self.refunded,
            "captured": self.charges > 0,
            "error_description": (self.status == "failed").then_some("Declined."),
        })
    }

    fn order_of_razorpay(&self) -> Value {
        json!({
            "id": self.id, "entity": "order", "amount": self.amount, "currency": self.currency,
            "receipt": self.payment_id, "status": "created",
        })
    }
}

impl Books {
    fn serve(&mut self, request: &Sent) -> Answer {
        let mishap = match request.method {
            Method::Get => None,
            _ => self.mishaps.pop_front(),
        };
        match mishap {
            Some(Mishap::Down) => return Err(OutboundError::Unreachable("nobody".into())),
            Some(Mishap::Busy) => return refusal(429, "rate_limit", "Later."),
            Some(Mishap::Locked) => return refusal(401, "unauthorized", "Who are you?"),
            _ => {}
        }
        let done = match request.service.as_str() {
            "stripe" => self.stripe(request),
            _ => self.razorpay(request),
        };
        match mishap {
            Some(Mishap::Lost) => Err(OutboundError::Unknown("no answer in time".into())),
            Some(Mishap::Broken) => refusal(500, "api_error", "Oops."),
            _ => done,
        }
    }

    fn stripe(&mut self, request: &Sent) -> Answer {
        let fields = form(&request.body);
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let find =
            |books: &mut Self, id: &str| books.stripe.iter().position(|intent| intent.id == id);
        match (request.method, parts.as_slice()) {
            (Method::Post, ["payment_intents"]) => {
                let id = format!("pi_{}", self.stripe.len() + 1);
                let intent = Account {
                    charge: format!("ch_{id}"),
                    id,
                    amount: fields["amount"].parse().unwrap(),
                    currency: fields["currency"].clone(),
                    status: "requires_payment_method".into(),
                    order_id: fields["metadata[orderId]"].clone(),
                    payment_id: fields["metadata[paymentId]"].clone(),
                    ..Account::default()
                };
                self.stripe.push(intent.clone());
                answer(200, &intent.intent())
            }
            (Method::Get, ["payment_intents"]) => {
                let all: Vec<Value> = self.stripe.iter().map(Account::intent).collect();
                answer(
                    200,
                    &json!({"object": "list", "data": all, "has_more": false}),
                )
            }
            (Method::Get, ["refunds"]) => {
                let id = query
                    .trim_start_matches("payment_intent=")
                    .split('&')
                    .next();
                let at = find(self, id.unwrap()).unwrap();
                let intent = &self.stripe[at];
                let status = if self.is_slow { "pending" } else { "succeeded" };
                let refund = json!({"amount": intent.refunded, "status": status, "payment_intent": intent.id});
                let data: Vec<Value> = (intent.refunded > 0)
                    .then_some(refund)
                    .into_iter()
                    .collect();
                answer(200, &json!({"data": data}))
            }
            (Method::Post, ["refunds"]) => {
                let at = find(self, &fields["payment_intent"]).unwrap();
                if self.has_no_money {
                    return answer(
                        200,
                        &json!({"amount": 1, "status": "failed", "failure_reason": "insufficient_funds"}),
                    );
                }
                let status = if self.is_slow { "pending" } else { "succeeded" };
                let intent = &mut self.stripe[at];
                if intent.refunded == intent.amount {
                    return refusal(400, "charge_already_refunded", "It is back already.");
                }
                intent.refunds += 1;
                intent.refunded = intent.amount;
                answer(
                    200,
                    &json!({"id": "re_1", "amount": intent.amount, "status": status, "payment_intent": intent.id}),
                )
            }
            (method, ["payment_intents", id, rest @ ..]) => {
                let Some(at) = find(self, id) else {
                    return refusal(404, "resource_missing", "No such intent.");
                };
                let intent = &mut self.stripe[at];
                let is_over = matches!(intent.status.as_str(), "succeeded" | "canceled");
                match (method, rest) {
                    (Method::Get, []) => answer(200, &intent.intent()),
                    (Method::Post, _) if is_over => {
                        refusal(400, "payment_intent_unexpected_state", "It is over.")
                    }
                    (Method::Post, ["confirm"]) => match fields["payment_method"].as_str() {
                        "pm_declined" => refusal(402, "card_declined", "Your card was declined."),
                        "pm_prove" => {
                            intent.status = "requires_action".into();
                            answer(200, &intent.intent())
                        }
                        _ => {
                            intent.charge();
                            answer(200, &intent.intent())
                        }
                    },
                    (Method::Post, ["cancel"]) => {
                        intent.status = "canceled".into();
                        answer(200, &intent.intent())
                    }
                    other => panic!("stripe: {other:?}"),
                }
            }
            other => panic!("stripe: {other:?}"),
        }
    }

    fn razorpay(&mut self, request: &Sent) -> Answer {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        match (request.method, parts.as_slice()) {
            (Method::Post, ["orders"]) => {
                let id = format!("order_{}", self.razorpay.len() + 1);
                let order = Account {
                    charge: format!("pay_{}", self.razorpay.len() + 1),
                    id,
                    amount: body["amount"].as_i64().unwrap(),
                    currency: body["currency"].as_str().unwrap().into(),
                    status: "created".into(),
                    payment_id: body["receipt"].as_str().unwrap().into(),
                    ..Account::default()
                };
                self.razorpay.push(order.clone());
                answer(200, &order.order_of_razorpay())
            }
            (Method::Get, ["orders"]) => {
                let receipt = query.trim_start_matches("receipt=");
                let named = self
                    .razorpay
                    .iter()
                    .filter(|order| order.payment_id == receipt);
                let items: Vec<Value> = named.map(Account::order_of_razorpay).collect();
                answer(200, &json!({"entity": "collection", "items": items}))
            }
            (Method::Get, ["orders", id, "payments"]) => {
                let tried = self
                    .razorpay
                    .iter()
                    .filter(|order| order.id == *id && order.status != "created");
                let items: Vec<Value> = tried.map(Account::charge_of_razorpay).collect();
                answer(200, &json!({"items": items}))
            }
            (method, ["payments", id, rest @ ..]) => {
                let found = self.razorpay.iter_mut().find(|order| order.charge == *id);
                let Some(order) = found else {
                    return refusal(400, "BAD_REQUEST_ERROR", "The id provided does not exist");
                };
                match (method, rest) {
                    (Method::Get, []) => answer(200, &order.charge_of_razorpay()),
                    (Method::Post, ["capture"]) if order.status == "authorized" => {
                        assert_eq!(body["amount"].as_i64(), Some(order.amount));
                        order.status = "captured".into();
                        order.charges += 1;
                        answer(200, &order.charge_of_razorpay())
                    }
                    (Method::Post, ["refund"]) if order.refunded < order.amount => {
                        order.refunds += 1;
                        order.refunded += body["amount"].as_i64().unwrap();
                        answer(
                            200,
                            &json!({"id": "rfnd_1", "status": "processed", "amount": body["amount"]}),
                        )
                    }
                    (Method::Post, _) => refusal(400, "BAD_REQUEST_ERROR", "It was done already."),
                    other => panic!("razorpay: {other:?}"),
                }
            }
            other => panic!("razorpay: {other:?}"),
        }
    }
}
