//! The registry over a real store, with a runtime that only remembers what it was told.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod following;
mod restoring;
mod secrets;
mod settings;
mod support;
mod switching;
mod tenants;
mod uploads;
