//! What passes over Socket.IO.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::error::Problem;

use crate::live::frame::Joined;

/// Events that clients of the protocol keep to themselves: one of the network would be taken for an attack.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// What a client shows when it connects.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Auth {
    /// An access token, or an API key.
    pub token: Option<String>,
    /// Or a ticket.
    pub ticket: Option<String>,
    /// By a channel's full name, the number of the last message that it has.
    pub after: BTreeMap<String, u64>,
}

/// Which word it was, and what with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Join,
    Leave,
    Say,
}

/// What a client wants.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub channel: String,
    #[serde(default)]
    pub after: Option<u64>,
    #[serde(default)]
    pub event: Option<String>,
    #[serde(default)]
    pub data: Value,
}

/// What an acknowledgement says.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Acknowledged<'a> {
    Joined(Joined<'a>),
    Left { channel: &'a str },
    Said { data: Value },
    Refused { problem: Value },
}

/// Where a message comes from.
#[derive(Debug, Serialize)]
pub(super) struct Origin<'a> {
    pub channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// Why nobody may connect: `connect_error` of the client.
pub(super) struct Refused(pub Problem);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Why the host can't is for the operator, here as anywhere.
        if self.0.status >= 500 {
            return f.write_str("unavailable");
        }
        f.write_str(&self.0.code)
    }
}

/// An event's name as clients take it.
pub(super) fn event(name: &str) -> String {
    if RESERVED.contains(&name) {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}
