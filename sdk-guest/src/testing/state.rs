//! The fake host's memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stoa_wit::Manifest;

use crate::bindings::stoa::blobs::blobs::Info;
use crate::bindings::stoa::directory::directory::Person;
use crate::bindings::stoa::http::outbound::Request as Outgoing;
use crate::bindings::stoa::plans::plans::Plan;

/// Where a document is: its collection and its id.
pub(super) type Key = (String, String);

/// A stored document.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub version: u64,
    pub body: Value,
    pub expires_at: Option<u64>,
}

/// An event that was raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// Its name.
    pub name: String,
    /// Its key.
    pub key: String,
    /// Its payload.
    pub payload: Value,
    /// When it is due, if not at once.
    pub due_at_ms: Option<u64>,
}

/// What a request may change, and what a problem undoes.
#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    pub documents: BTreeMap<Key, Document>,
    pub cache: BTreeMap<String, (Vec<u8>, u64)>,
    pub events: Vec<Raised>,
    pub letters: Vec<Posted>,
    pub pushed: Vec<Pushed>,
    pub evicted: Vec<(String, String)>,
    pub blobs: BTreeMap<String, (Info, Vec<u8>)>,
    pub plan: Option<String>,
}

/// A letter that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The account's id or the address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
}

/// A message to whoever listens.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// The channel's full name.
    pub channel: String,
    /// Its event.
    pub event: String,
    /// Its payload.
    pub payload: Value,
    /// Whether it is told to those who come back.
    pub kept: bool,
}

/// All that the fake host knows.
#[derive(Debug, Default)]
pub(super) struct State {
    pub manifest: Option<Manifest>,
    pub data: Data,
    pub settings: BTreeMap<String, Value>,
    pub headers: BTreeMap<String, String>,
    pub now_ms: u64,
    pub random: u64,
    pub log: Vec<String>,
    pub people: Vec<Person>,
    pub secrets: BTreeMap<String, Vec<Vec<u8>>>,
    pub plans: Vec<Plan>,
    pub sent: Vec<Outgoing>,
    /// How much was said before the request under way.
    pub pushed_before: usize,
    /// What the request under way has written; none between requests, when each call stands for itself.
    pub written: Option<BTreeSet<Key>>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

pub(super) fn with<R>(act: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(act)
}

impl State {
    /// A document that has not ended.
    pub fn visible(&self, key: &Key) -> Option<&Document> {
        let found = self.data.documents.get(key)?;
        found
            .expires_at
            .is_none_or(|at| at > self.now_ms)
            .then_some(found)
    }
}
