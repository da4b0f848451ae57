//! Billing's stories, told through the plugin's doors over the SDK's fake host and a Stripe of our own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod checkout;
mod plans;
mod review;
mod webhook;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use stoa_guest::outbound::Method;
use stoa_guest::testing::{Answered, Host, OutboundError, Plan, Sent};
use stoa_guest::{Problem, Response, Result, clock, secrets};

const DAY_MS: u64 = 86_400_000;

/// What Stripe has on its books.
#[derive(Default)]
struct Books {
    sessions: BTreeMap<String, Value>,
    subscriptions: BTreeMap<String, Value>,
    /// What the next request that changes anything meets instead of an answer.
    mishap: Option<OutboundError>,
    is_away: bool,
}

type Answer = Result<Answered, OutboundError>;

fn answer(status: u16, body: &Value) -> Answer {
    Ok(Answered {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    })
}

impl Books {
    fn serve(&mut self, request: &Sent) -> Answer {
        if self.is_away {
            return Err(OutboundError::Unreachable("nobody".into()));
        }
        if request.method == Method::Post
            && let Some(mishap) = self.mishap.take()
        {
            return Err(mishap);
        }
        let no = json!({"error": {"code": "resource_missing", "message": "There is none."}});
        let found = |book: &BTreeMap<String, Value>, id: &str| match book.get(id) {
            Some(object) => answer(200, object),
            None => answer(404, &no),
        };
        let parts: Vec<&str> = request.path.trim_start_matches("/v1/").split('/').collect();
        match (request.method, parts.as_slice()) {
            (Method::Post, ["checkout", "sessions"]) => {
                let id = format!("cs_{}", self.sessions.len() + 1);
                let session = json!({
                    "id": id, "status": "open", "payment_status": "unpaid", "url": format!("https://pay.example/{id}"),
                    "expires_at": clock::now_ms() / 1_000 + 86_400,
                });
                self.sessions.insert(id, session.clone());
                answer(200, &session)
            }
            (Method::Get, ["checkout", "sessions", id]) => found(&self.sessions, id),
            (Method::Post, ["checkout", "sessions", id, "expire"]) => {
                let session = self.sessions.get_mut(*id).unwrap();
                if session["status"] != "open" {
                    return answer(400, &no);
                }
                session["status"] = json!("expired");
                answer(200, session)
            }
            (Method::Post, ["billing_portal", "sessions"]) => answer(
                200,
                &json!({"id": "bps_1", "url": "https://portal.example/1"}),
            ),
            (Method::Get, ["subscriptions", id]) => found(&self.subscriptions, id),
            other => panic!("{other:?}"),
        }
    }
}

/// An organisation with three plans to choose from, two of them for sale.
struct Office {
    host: Host,
    books: Rc<RefCell<Books>>,
}

impl Office {
    fn new() -> Self {
        let host = Host::of(include_str!("../../plugin.toml"));
        for (id, members) in [("free", Some(3)), ("team", Some(20)), ("business", None)] {
            host.plan(Plan {
                id: id.into(),
                name: id.to_uppercase(),
                limits: vec![("members".into(), members)],
            });
        }
        let price = |name: &str, minor: i64| json!({"price": name, "amountMinor": minor, "currency": "USD", "interval": "month"});
        let prices =
            json!({"team": price("price_team", 29_00), "business": price("price_business", 99_50)});
        host.set("prices", prices.to_string());
        host.set("success_url", "https://app.example/thanks");
        host.secret("stripe_webhook_secret", &["whsec_1"]);
        let books = Rc::new(RefCell::new(Books::default()));
        let served = books.clone();
        host.elsewhere(move |request| served.borrow_mut().serve(request));
        Self { host, books }
    }

    fn try_check_out(&self, plan: &str) -> Result<Response> {
        let request = self.host.request("check_out").account("ada", "admin");
        request.json(&json!({"plan": plan})).send(crate::dispatch)
    }

    fn check_out(&self, plan: &str) -> Value {
        self.try_check_out(plan).unwrap().json()
    }

    /// What the organisation is called at Stripe.
    fn account(&self) -> String {
        crate::account::Account::find().unwrap().unwrap().id
    }

    /// Somebody pays on a page.
    fn pays(&self, session: &str, subscription: &str) -> Value {
        let account = self.account();
        let mut books = self.books.borrow_mut();
        let paid = books.sessions.get_mut(session).unwrap();
        paid["status"] = json!("complete");
        paid["payment_status"] = json!("paid");
        paid["customer"] = json!("cus_1");
        paid["subscription"] = json!(subscription);
        paid["client_reference_id"] = json!(account);
        paid["metadata"] = json!({"account": account, "plan": "team"});
        let paid = paid.clone();
        let standing = subscription_of(&account, subscription, "active", "price_team");
        books.subscriptions.insert(subscription.into(), standing);
        paid
    }

    /// Stripe calls back about what happened at a second.
    fn says(&self, event: &str, kind: &str, created_s: u64, object: &Value) -> Result<Value> {
        let body = json!({"id": event, "object": "event", "type": kind, "created": created_s, "data": {"object": object}});
        let body = body.to_string();
        let seconds = clock::now_ms() / 1_000;
        let mac = secrets::sign(
            "stripe_webhook_secret",
            format!("{seconds}.{body}").as_bytes(),
        );
        let hex: String = mac
            .unwrap()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let request = self.host.request("hear").body(body);
        let request = request.header("stripe-signature", &format!("t={seconds},v1={hex}"));
        let heard = request.send(crate::dispatch)?.json();
        assert_eq!(heard["received"], true);
        Ok(heard["outcome"].clone())
    }

    fn review_after(&self, ms: u64) {
        self.host.advance(ms);
        self.host.turn("review", crate::dispatch_turn).unwrap();
    }

    /// The plan that the organisation was put on; none if it never was.
    fn plan(&self) -> Option<String> {
        self.host.changed_plan()
    }

    /// The organisation pays for `team` by the subscription `sub_1`.
    fn on_team() -> Self {
        let office = Self::new();
        office.check_out("team");
        let session = office.pays("cs_1", "sub_1");
        office
            .says("evt_paid", "checkout.session.completed", 100, &session)
            .unwrap();
        assert_eq!(office.plan().as_deref(), Some("team"));
        office
    }
}

/// A subscription as an event shows it.
fn subscription_of(account: &str, id: &str, status: &str, price: &str) -> Value {
    json!({
        "id": id, "object": "subscription", "status": status, "customer": "cus_1",
        "metadata": {"account": account, "plan": "team"}, "items": {"data": [{"price": {"id": price}}]},
    })
}

fn refused(result: Result<Response>) -> (u16, String) {
    let Problem { status, code, .. } = result.unwrap_err();
    (status, code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}
