//! The store over an embedded SurrealDB: the only crate that names the engine.
//!
//! A unit of work ([`work`]) collects a request's reads and writes in the host; [`commit`] turns them into
//! one script. [`documents`] and [`pages`] keep what was read, coherently, because this process is the
//! database's only writer. [`query`] speaks the engine's language; [`encode`] says how documents are held.

mod answers;
mod commit;
mod config;
mod definitions;
mod documents;
mod encode;
mod engine;
mod extent;
mod fault;
mod mishap;
mod names;
mod outbox;
mod pages;
mod query;
mod row;
mod schema;
mod script;
mod session;
mod shared;
mod sizes;
mod store;
mod sweep;
mod table;
mod tally;
mod tenants;
mod together;
mod watchdog;
mod work;

pub use config::{StoreConfig, SyncPolicy};
pub use mishap::{Mishap, Mishaps};
pub use store::SurrealStore;
