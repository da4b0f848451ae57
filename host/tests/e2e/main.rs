//! The host end to end: real router, real components, real store.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod capability;
mod contract;
mod durability;
mod idempotency;
mod reload;
mod sandbox;
mod transaction;
