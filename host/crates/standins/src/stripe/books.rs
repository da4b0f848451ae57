//! What Stripe has written down.

use serde::Deserialize;
use serde_json::{Value, json};

use super::cards::Decline;
use super::fault::Fault;
use super::fields::Fields;
use super::objects::{Charge, Customer, Intent, Object, Refund, Session, Subscription};
use crate::desk::Bookkeeping;
use crate::id;
use crate::post::Event;

/// What every price costs, in cents a month.
pub const PRICE_UNITS: i64 = 1_000;
/// Objects of one page when nothing is said, and at most.
const PAGE: usize = 10;
const PAGE_MAX: i64 = 100;

/// What becomes of refunds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refunding {
    /// The money is back at once.
    #[default]
    AtOnce,
    /// They wait until they are settled.
    Pending,
    /// They fail.
    Failing,
}

/// Objects of one kind, in the order in which they were made.
#[derive(Debug)]
pub struct Book<T>(Vec<T>);

impl<T> Default for Book<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Object> Book<T> {
    pub fn add(&mut self, object: T) -> &mut T {
        self.0.push(object);
        let last = self.0.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "it was just put there")]
        &mut self.0[last]
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.0.iter().find(|object| object.id() == id)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.0.iter_mut().find(|object| object.id() == id)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.iter()
    }

    /// A page, the newest first, of those that belong to what the parameters name.
    pub fn list(&self, fields: &Fields, filters: &[&str], url: &str) -> Result<Value, Fault> {
        let mut known = vec!["limit", "created", "starting_after"];
        known.extend(filters);
        fields.only(&known)?;
        let limit = fields.integer("limit")?.unwrap_or(PAGE as i64);
        if !(1..=PAGE_MAX).contains(&limit) {
            let message = format!("Limit must be between 1 and {PAGE_MAX}, inclusive.");
            return Err(Fault::invalid(message).with("param", "limit"));
        }
        let limit = usize::try_from(limit).unwrap_or(PAGE);
        let from = fields.integer("created[gte]")?.unwrap_or(i64::MIN);
        let to = fields.integer("created[lte]")?.unwrap_or(i64::MAX);
        let is_wanted = |object: &&T| {
            let created = i64::try_from(object.created()).unwrap_or(i64::MAX);
            let belongs = |filter: &&str| {
                let wanted = fields.text(filter);
                wanted.is_none() || object.belongs_to(filter) == wanted
            };
            (from..=to).contains(&created) && filters.iter().all(belongs)
        };
        let mut wanted = self.iter().rev().filter(is_wanted).peekable();
        if let Some(after) = fields.text("starting_after") {
            while wanted.next_if(|object| object.id() != after).is_some() {}
            wanted.next();
        }
        let data: Vec<Value> = wanted.by_ref().take(limit).map(Object::json).collect();
        let has_more = wanted.peek().is_some();
        Ok(json!({"object": "list", "data": data, "has_more": has_more, "url": url}))
    }
}

/// What Stripe has written down.
#[derive(Debug, Default)]
pub struct Books {
    pub now_s: u64,
    pub intents: Book<Intent>,
    pub charges: Book<Charge>,
    pub refunds: Book<Refund>,
    pub customers: Book<Customer>,
    pub sessions: Book<Session>,
    pub subscriptions: Book<Subscription>,
    pub refunding: Refunding,
    pub decline_next: Option<Decline>,
    events: Vec<Event>,
}

impl Books {
    /// Notes that something happened to an object.
    pub fn happened(&mut self, kind: &str, object: &Value) {
        let id = id::fresh("evt", 24);
        let body = json!({
            "id": id, "object": "event", "api_version": super::api::VERSION, "created": self.now_s,
            "data": {"object": object}, "livemode": false, "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null}, "type": kind,
        });
        self.events.push(Event {
            id,
            kind: kind.to_owned(),
            body: body.to_string(),
        });
    }

    pub fn intent(&self, id: &str) -> Result<&Intent, Fault> {
        self.intents
            .get(id)
            .ok_or_else(|| Fault::missing("payment_intent", id, "intent"))
    }

    pub fn intent_mut(&mut self, id: &str) -> Result<&mut Intent, Fault> {
        self.intents
            .get_mut(id)
            .ok_or_else(|| Fault::missing("payment_intent", id, "intent"))
    }

    /// How often money was taken for an intent.
    pub fn charges_of(&self, intent: &str) -> usize {
        let charges = self.charges.iter();
        charges
            .filter(|charge| charge.payment_intent == intent && charge.captured)
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
        fn of<T: Object>(book: &Book<T>, id: &str) -> Option<Value> {
            book.get(id).map(Object::json)
        }
        of(&self.intents, id)
            .or_else(|| of(&self.charges, id))
            .or_else(|| of(&self.refunds, id))
            .or_else(|| of(&self.customers, id))
            .or_else(|| of(&self.sessions, id))
            .or_else(|| of(&self.subscriptions, id))
    }

    fn refunds_of(&self, intent: &str) -> usize {
        let refunds = self.refunds.iter();
        refunds
            .filter(|refund| refund.payment_intent == intent && refund.status != "failed")
            .count()
    }
}
