//! Fakes of the host, so that a plugin's logic is tested by plain `cargo test`.
//!
//! ```text
//! let host = Host::of(include_str!("../plugin.toml"));
//! let answer = host.request("add_item").user("u1").json(&item).send(crate::dispatch)?;
//! ```
//!
//! The fakes keep to the host's rules: own writes, versions, unique fields, expiry, bounds of queries, and
//! nothing left of a request that ends in a problem. They know neither other tenants nor conflicts, and they
//! do not measure time, memory or calls. Each thread has its own, as each test has a thread.

mod background;
mod bounds;
mod fake;
mod filter;
pub(crate) mod host;
mod outside;
mod request;
pub(crate) mod services;
mod state;
pub(crate) mod storage;
#[cfg(test)]
mod tests;

pub use crate::bindings::stoa::blobs::blobs::Info as BlobInfo;
pub use crate::bindings::stoa::directory::directory::Person;
pub use crate::bindings::stoa::http::outbound::{
    Error as OutboundError, Request as Sent, Response as Answered,
};
pub use crate::bindings::stoa::plans::plans::Plan;
pub use background::EventBuilder;
pub use fake::Host;
pub use request::RequestBuilder;
pub use state::{Posted, Pushed, Raised};
