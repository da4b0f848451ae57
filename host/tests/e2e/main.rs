//! The host end to end: real router, real components, real store.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod accounts;
mod billing;
mod callers;
mod capability;
mod carrier;
mod cart;
mod catalog;
mod channels;
mod chat;
mod commands;
mod configuration;
mod content;
mod contract;
mod customers;
mod demo;
mod denials;
mod deployed;
mod durability;
mod events;
mod executions;
mod extension;
mod files;
mod google;
mod grants;
mod health;
mod host_routes;
mod hostile;
mod idempotency;
mod invariants;
mod lists;
mod live;
mod log;
mod mail;
mod market;
mod marketplace;
mod matrix;
mod orders;
mod outbound;
mod payments;
mod people;
mod platform;
mod process;
mod products;
mod quarantine;
#[path = "../../crates/quota/tests/redis/server.rs"]
#[expect(dead_code, reason = "its own tests need more of it")]
mod redis;
mod reload;
mod remembered;
mod sandbox;
mod secrets;
mod shares;
mod shop;
mod stopping;
mod telemetry;
mod transaction;
mod v1;
mod vendors;
mod versions;
mod wasi;
mod workshop;
mod zero_loss;
