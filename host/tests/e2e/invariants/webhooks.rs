//! What providers tell: in every order and more than once, it ends the same, and money that came in has come in.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stoa_standins::Event;
use stoa_standins::razorpay::{Act, How};

use super::market::{Market, insist_text};
use super::{Place, on_both_stores};
use crate::payments::razorpay::WEBHOOK;

/// How often each event is told: at its place, and once more when all are through.
const COPIES: usize = 2;
/// What is paid, in cents.
const PAID: i64 = 2_000;

on_both_stores!(
    stripes_events_end_the_same_in_every_order,
    razorpays_events_end_the_same_in_every_order,
);

/// Who tells of a payment, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    Stripe,
    Razorpay,
}

async fn stripes_events_end_the_same_in_every_order(place: Place) {
    let kinds = ["payment_intent.payment_failed", "payment_intent.succeeded"];
    every_order(place, Provider::Stripe, &kinds, "charge.refunded").await;
}

async fn razorpays_events_end_the_same_in_every_order(place: Place) {
    let kinds = ["payment.failed", "payment.captured"];
    every_order(place, Provider::Razorpay, &kinds, "refund.processed").await;
}

/// A card is declined, another one pays, and the money goes back. Once without what is told of its going back, and
/// once with it.
async fn every_order(place: Place, provider: Provider, kinds: &[&'static str], back: &'static str) {
    let market = Market::open(place).await;
    market.sell("agent", "v1", 20.0, None).await;
    let mut racing = tokio::task::JoinSet::new();
    for is_returned in [false, true] {
        for order in permutations(kinds.len() + usize::from(is_returned)) {
            let (market, kinds) = (Arc::clone(&market), kinds.to_vec());
            racing.spawn(async move {
                let story = Story::begin(&market, provider).await;
                let told = story.told(&kinds, back);
                let chosen: Vec<&Event> = order.iter().map(|at| &told[*at]).collect();
                story.hear(&chosen).await;
                (is_returned, story.end().await)
            });
        }
    }
    let ends: BTreeSet<(bool, String)> = racing
        .join_all()
        .await
        .into_iter()
        .map(|(is_returned, end)| (is_returned, end.to_string()))
        .collect();
    let paid =
        json!({ "order": "processing", "payment": "paid", "status": "succeeded", "back": 0 });
    let returned =
        json!({ "order": "refunded", "payment": "refunded", "status": "refunded", "back": PAID });
    let expected = [(false, paid.to_string()), (true, returned.to_string())];
    assert_eq!(ends, BTreeSet::from(expected));
    let books = market.settled().await;
    books.assert_settled();
}

struct Story {
    market: Arc<Market>,
    provider: Provider,
    order: String,
    theirs: String,
}

impl Story {
    /// An order of which everything has happened at the provider, and nothing has been told.
    async fn begin(market: &Arc<Market>, provider: Provider) -> Self {
        let order = market.order("u1", "agent").await.unwrap();
        let theirs = match provider {
            Provider::Stripe => {
                let intent = market.begin("u1", &order).await;
                let _ = market.bank.pay_by(&intent, "pm_card_visa_chargeDeclined");
                let _ = market.bank.pay(&intent);
                let _ = market.bank.give_back(&intent, PAID).unwrap();
                intent
            }
            Provider::Razorpay => {
                let begun = market.begin_by("u1", &order, "razorpay").await;
                let theirs = begun["razorpayOrderId"].as_str().unwrap().to_owned();
                let pay = |how| {
                    let order = theirs.clone();
                    market.razorpay.act(&Act::Pay { order, how }).unwrap()
                };
                let _ = pay(How::Failed);
                let paid = pay(How::Captured);
                let payment = paid["id"].as_str().unwrap().to_owned();
                let back = Act::Refund {
                    payment,
                    units: PAID,
                };
                let _ = market.razorpay.act(&back).unwrap();
                theirs
            }
        };
        Self {
            market: Arc::clone(market),
            provider,
            order,
            theirs,
        }
    }

    /// What the provider has told of it that matters: what led to the money, then what is told of its way back.
    fn told(&self, kinds: &[&str], back: &str) -> Vec<Event> {
        let told = match self.provider {
            Provider::Stripe => self.market.bank.told(),
            Provider::Razorpay => self.market.razorpay.post().told(),
        };
        let own = told
            .into_iter()
            .filter(|event| event.body.contains(&self.theirs));
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for event in own {
            match event.kind.as_str() {
                kind if kind == back => last.push(event),
                kind if kinds.contains(&kind) => first.push(event),
                _ => {}
            }
        }
        assert_eq!(
            (first.len(), last.len()),
            (kinds.len(), 1),
            "{}",
            self.theirs
        );
        first.append(&mut last);
        first
    }

    /// Each comes as often as it does. Whoever has paid has paid after every one of them.
    async fn hear(&self, events: &[&Event]) {
        let mut was_paid = false;
        let again = events.iter().rev();
        for event in events.iter().chain(again).take(events.len() * COPIES) {
            self.tell(event).await;
            let order = self.market.seen("u1", &self.order).await;
            let is_paid = matches!(order["paymentStatus"].as_str(), Some("paid" | "refunded"));
            assert!(is_paid || !was_paid, "paid, and then not: {order}");
            was_paid = is_paid;
        }
    }

    async fn tell(&self, event: &Event) {
        if self.provider == Provider::Stripe {
            let signature = self.market.bank.seal(&self.market.host, event);
            let _ = self.market.heard(&signature, event.body.clone()).await;
            return;
        }
        let headers = self.market.razorpay.post().seal(event, WEBHOOK);
        let nobody = self.market.host.anonymous();
        let provider = headers
            .iter()
            .fold(nobody, |actor, (name, value)| actor.header(name, value));
        let path = "/api/payments/webhook/razorpay";
        let heard = insist_text(&provider, Method::POST, path, &event.body).await;
        let _ = heard.expect(200);
    }

    /// How it ended.
    async fn end(&self) -> Value {
        let order = self.market.seen("u1", &self.order).await;
        let books = self.market.books().await;
        let mut own = books
            .payments
            .values()
            .filter(|payment| payment["orderId"] == *self.order);
        let payment = own.next().unwrap();
        json!({
            "order": order["status"], "payment": order["paymentStatus"],
            "status": payment["status"], "back": payment["refundedMinor"],
        })
    }
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let place = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, count - 1);
        longer
    };
    let longer = shorter.iter();
    longer
        .flat_map(|order| (0..count).map(move |at| place(order, at)))
        .collect()
}
