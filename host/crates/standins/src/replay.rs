//! Answers that are given again under the same idempotency key.

use std::collections::HashMap;

use crate::call::{Call, Reply};

/// What was answered, by key.
#[derive(Debug, Default)]
pub struct Replays(HashMap<String, ([u8; 32], Reply)>);

/// What is known of a key.
pub enum Known {
    /// Nothing.
    New,
    /// The same was asked, and answered so.
    Same(Reply),
    /// Something else was asked.
    Other,
}

impl Replays {
    pub fn find(&self, key: &str, call: &Call) -> Known {
        match self.0.get(key) {
            None => Known::New,
            Some((digest, reply)) if *digest == call.digest() => Known::Same(reply.clone()),
            Some(_) => Known::Other,
        }
    }

    pub fn keep(&mut self, key: &str, call: &Call, reply: &Reply) {
        self.0
            .insert(key.to_owned(), (call.digest(), reply.clone()));
    }
}
