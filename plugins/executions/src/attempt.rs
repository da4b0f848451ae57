//! One worker's try at a run, and the token that proves whose it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::text::hex;

use crate::status::Status;

/// Random bytes of a token: beyond guessing.
const TOKEN_BYTES: u32 = 16;

/// What a worker shows with every report. Never told to anybody else, nor logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(pub String);

impl Token {
    pub fn fresh() -> Self {
        Self(hex(&random::bytes(TOKEN_BYTES)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// From 1, over all that were ever made.
    pub number: u32,
    pub token: Token,
    /// As the worker calls itself.
    pub worker: String,
    pub started_at: u64,
    pub finished_at: Option<u64>,
    /// [`Status::Running`] or how it ended.
    pub status: Status,
    /// Why it ended so.
    pub reason: Option<String>,
    /// Whether it was given up because its worker said nothing any more.
    #[serde(default)]
    pub is_lost: bool,
}

impl Attempt {
    /// Whether its own worker knows how it ended, or was about to: asked again, it is told the same. One that was given
    /// up is not: the run is another worker's by now.
    pub fn is_settled(&self) -> bool {
        self.finished_at.is_some() && !self.is_lost
    }
}
