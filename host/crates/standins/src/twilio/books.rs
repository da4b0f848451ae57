//! What Twilio has written down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use crate::desk::Bookkeeping;
use crate::id;
use crate::post::Event;

/// The number that every test account may send from.
const SENDER: &str = "+15005550006";
/// Characters of a message.
const BODY_CHARS_MAX: usize = 1_600;
/// Digits of an id.
const ID_DIGITS: usize = 32;
/// Digits of a number (E.164).
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 2..=15;

/// What a phone's owner does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Reads what has come.
    Read { number: String },
    /// Answers STOP.
    Stop { number: String },
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub sid: String,
    pub to: String,
    pub from: String,
    pub body: String,
}

/// What Twilio has written down.
#[derive(Debug, Default)]
pub struct Books {
    /// Messages that were to be sent, taken or not.
    pub asked: usize,
    now_s: u64,
    messages: Vec<Message>,
    /// The same, as the API shows them.
    shown: Vec<Value>,
    stopped: BTreeSet<String>,
}

impl Books {
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn act(&mut self, act: &Act) -> Value {
        match act {
            Act::Read { number } => {
                let own = self.messages.iter().filter(|message| message.to == *number);
                own.map(|message| message.body.as_str()).collect()
            }
            Act::Stop { number } => {
                self.stopped.insert(number.clone());
                json!({ "number": number })
            }
        }
    }

    /// Takes a message, as the documentation of the resource has it.
    pub fn send(&mut self, account: &str, form: &BTreeMap<String, String>) -> Result<Value, Fault> {
        // Twilio passes over others; here they are a slip of the pen.
        let known = ["To", "From", "Body"];
        if let Some(other) = form.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Fault::bad(20_001, format!("Unknown parameter {other}")));
        }
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let (to, from, body) = (field("To"), field("From"), field("Body"));
        match from {
            SENDER => {}
            "" => return Err(Fault::bad(21_603, "A 'From' phone number is required.")),
            "+15005550001" => {
                let message = format!("The 'From' number {from} is not a valid phone number.");
                return Err(Fault::bad(21_212, message));
            }
            _ => {
                let message = format!("The 'From' phone number provided ({from}) is not yours.");
                return Err(Fault::bad(21_606, message));
            }
        }
        if body.is_empty() {
            return Err(Fault::bad(21_602, "Message body is required."));
        }
        if body.chars().count() > BODY_CHARS_MAX {
            let message = "The concatenated message body exceeds the 1600 character limit";
            return Err(Fault::bad(21_617, message));
        }
        self.judge(to)?;
        let message = Message {
            sid: id::fresh("SM", ID_DIGITS).replace('_', ""),
            to: to.to_owned(),
            from: from.to_owned(),
            body: body.to_owned(),
        };
        let shown = self.shown(account, &message);
        self.messages.push(message);
        self.shown.push(shown.clone());
        Ok(shown)
    }

    fn judge(&self, to: &str) -> Result<(), Fault> {
        let digits = to.strip_prefix('+').unwrap_or_default();
        let is_number = NUMBER_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        let (code, what) = match to {
            "" => return Err(Fault::bad(21_604, "A 'To' phone number is required.")),
            "+15005550001" => (21_211, "is not a valid phone number"),
            "+15005550002" => (21_612, "can't be reached from the 'From' number"),
            "+15005550003" => (21_408, "is in a region for which there is no permission"),
            "+15005550004" => (21_610, "has unsubscribed"),
            "+15005550009" => (21_614, "is not a mobile number"),
            _ if self.stopped.contains(to) => (21_610, "has unsubscribed"),
            _ if !is_number => (21_211, "is not a valid phone number"),
            _ => return Ok(()),
        };
        Err(Fault::bad(code, format!("The 'To' number {to} {what}.")))
    }

    fn shown(&self, account: &str, message: &Message) -> Value {
        let now = i64::try_from(self.now_s).unwrap_or(i64::MAX);
        let now = Timestamp::from_second(now).unwrap_or_default();
        let now = rfc2822::DateTimePrinter::new().timestamp_to_string(&now);
        let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", message.sid);
        json!({
            "account_sid": account, "api_version": "2010-04-01", "body": message.body,
            "date_created": now.ok(), "date_updated": null, "date_sent": null,
            "direction": "outbound-api", "error_code": null, "error_message": null, "from": message.from,
            "messaging_service_sid": null, "num_media": "0", "num_segments": "1", "price": null,
            "price_unit": "USD", "sid": message.sid, "status": "queued",
            "subresource_uris": { "media": format!("{uri}/Media.json") }, "to": message.to,
            "uri": format!("{uri}.json"),
        })
    }
}

impl Bookkeeping for Books {
    fn begin(&mut self, now_s: u64) {
        self.now_s = now_s;
    }

    fn news(&mut self) -> Vec<Event> {
        Vec::new()
    }

    fn object(&self, id: &str) -> Option<Value> {
        let mut named = self.shown.iter().filter(|message| message["sid"] == id);
        named.next().cloned()
    }

    fn refunds_of(&self, _payment: &str) -> usize {
        0
    }
}
