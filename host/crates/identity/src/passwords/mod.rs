//! Passwords: which are taken, and argon2id off the async threads, a few at a time.

mod common;
mod cost;
mod hashing;
mod leftovers;
mod rules;
mod task;

pub use cost::Cost;
pub use hashing::{Passwords, Verdict};
pub(crate) use rules::check;
