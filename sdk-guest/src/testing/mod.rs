//! Fakes of the host, so that a plugin's logic is tested by plain `cargo test`.
//!
//! ```text
//! let host = Host::new();
//! let answer = host.request("add_item").user("u1").json(&item).send(crate::dispatch)?;
//! ```
//!
//! The fakes keep to the host's rules (own writes, versions, unique ids, rollback on a problem) but know
//! nothing of indexes, unique fields or other tenants. They are per thread, as tests are.

mod filter;
pub mod host;
mod request;
mod state;

pub use request::RequestBuilder;
pub use state::{Host, Raised};
