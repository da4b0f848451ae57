//! The edge with everything behind it faked: what a client sees, without a plugin or a database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod answers;
mod bodies;
mod callers;
mod cors;
mod fakes;
mod host_routes;
mod idempotency;
mod openapi;
mod problems;
mod quotas;
mod routing;
mod sessions;
mod streams;
mod tenants;
mod wire;
mod world;
