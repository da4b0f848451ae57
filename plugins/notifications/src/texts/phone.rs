//! Somebody's number, and what is known of it.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use super::number::Number;
use super::verification::Code;

/// Numbers, by account.
pub const PHONES: Collection<Phone> = Collection::new("phones");

/// Somebody's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    pub number: Number,
    /// Whether its owner has shown that it is theirs: before that, nothing but a code goes there.
    pub is_verified: bool,
    /// Whether its owner wants news there.
    pub is_on: bool,
    /// Whether the first news, a welcome, has gone there.
    pub is_welcomed: bool,
    /// The code by which it is verified, while one is on its way.
    pub code: Option<Code>,
}

/// A number as its owner is told of it.
#[derive(Debug, Serialize)]
pub struct Told {
    number: String,
    verified: bool,
    sms: bool,
}

impl Phone {
    /// A number that somebody has entered, which may be anybody's.
    pub const fn new(number: Number, is_on: bool) -> Self {
        Self {
            number,
            is_verified: false,
            is_on,
            is_welcomed: false,
            code: None,
        }
    }

    /// Whether news may go there.
    pub const fn takes_news(&self) -> bool {
        self.is_verified && self.is_on
    }

    pub fn told(&self) -> Told {
        Told {
            number: self.number.as_str().into(),
            verified: self.is_verified,
            sms: self.is_on,
        }
    }
}
