//! Stories of text messages: the fake host, and a service that answers as it is told to.

mod codes;
mod news;
mod numbers;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::{Value, json};
use stoa_guest::outbound::Method;
use stoa_guest::testing::{Answered, Host, OutboundError, Raised};
use stoa_guest::{Problem, Response, Result};

use super::{ask, host, personal_data, tell};
use crate::{dispatch, dispatch_event};

const SID: &str = "AC0123456789abcdef0123456789abcdef";
const NUMBER: &str = "+15005550010";
const OTHERS: &str = "+15005550020";
const HOUR_MS: u64 = 3_600_000;

type Answer = Result<Answered, OutboundError>;

/// A shop whose operator has an account with the service.
struct Shop {
    host: Host,
    /// What the service answers to the next messages; after these it takes all.
    answers: Rc<RefCell<VecDeque<Answer>>>,
    /// How many of the raised events were delivered.
    delivered: RefCell<usize>,
}

fn answer(status: u16, code: u32) -> Answer {
    let body =
        json!({ "code": code, "message": format!("{NUMBER} is at fault"), "status": status });
    Ok(Answered {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    })
}

fn unconfigured() -> Shop {
    let host = host();
    let answers: Rc<RefCell<VecDeque<Answer>>> = Rc::default();
    let said = answers.clone();
    host.elsewhere(move |_| {
        let next = said.borrow_mut().pop_front();
        next.unwrap_or_else(|| answer(201, 0))
    });
    Shop {
        host,
        answers,
        delivered: RefCell::default(),
    }
}

fn shop() -> Shop {
    let shop = unconfigured();
    shop.host.set("twilio_account_sid", SID);
    shop.host.set("sms_from", "+15005550006");
    shop.host.secret("twilio_password", &["token"]);
    shop
}

/// The fields of a form.
fn fields(body: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

impl Shop {
    fn change(&self, who: &str, change: &Value) -> Result<Value> {
        let mut all = json!({ "lettersOff": [] });
        let members = all.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        let request = self.host.request("change_preferences").user(who);
        request.json(&all).send(dispatch).map(|done| done.json())
    }

    fn enters(&self, who: &str, number: &str) {
        let change = json!({ "phone": number, "sms": true });
        self.change(who, &change).unwrap();
    }

    fn asks_for_a_code(&self, who: &str) -> Result<Response> {
        self.host.request("send_code").user(who).send(dispatch)
    }

    fn says(&self, who: &str, code: &str) -> Result<Value> {
        let request = self.host.request("verify_phone").user(who);
        let request = request.json(&json!({ "code": code }));
        request.send(dispatch).map(|answer| answer.json())
    }

    /// Lets the texts that are due leave.
    fn work(&self) {
        loop {
            let raised = self.host.events();
            let at = *self.delivered.borrow();
            let Some(next) = raised.get(at) else { return };
            *self.delivered.borrow_mut() += 1;
            if next.name == "notifications.text" {
                self.deliver(next);
            }
        }
    }

    fn deliver(&self, raised: &Raised) {
        if let Some(due) = raised.due_at_ms {
            self.host.set_time(due);
        }
        let event = self.host.event(&raised.name).source("notifications");
        event.json(&raised.payload).deliver(dispatch_event).unwrap();
    }

    /// Numbers and words of all messages that the service was sent.
    fn texts(&self) -> Vec<(String, String)> {
        let sent = self.host.sent().into_iter();
        let sent = sent.map(|request| fields(&request.body));
        sent.map(|fields| (fields["To"].clone(), fields["Body"].clone()))
            .collect()
    }

    /// The code that was sent last.
    fn code(&self) -> String {
        let (_, words) = self.texts().pop().unwrap();
        words.split(' ').next().unwrap().to_owned()
    }

    fn verify(&self, who: &str, number: &str) {
        self.enters(who, number);
        assert_eq!(self.asks_for_a_code(who).unwrap().status, 202);
        self.work();
        let verdict = self.says(who, &self.code()).unwrap();
        assert_eq!(verdict, json!({ "verified": true, "triesLeft": 4 }));
        self.work();
    }

    fn log(&self) -> String {
        self.host.log().join("\n")
    }
}

fn another(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1) % 1_000_000)
}

fn refused<T: std::fmt::Debug>(result: Result<T>) -> (u16, String) {
    let Problem { status, code, .. } = result.unwrap_err();
    (status, code)
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.into())
}
