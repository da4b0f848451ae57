//! The store through its port, in memory and on disk.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod caching;
mod concurrency;
mod documents;
mod durability;
mod events;
mod expiry;
mod matching;
mod outbox;
mod queries;
mod sizes;
mod support;
mod tenancy;
mod unique;
