//! Live updates: who listens to which channel on this host, and what waits for them.
//!
//! `hub` is the port [`stoa_kernel::live::Live`]; `connections` counts and ends those who listen; `channel` and
//! `tenant` put what is said into its order; `mailbox` is what waits for one connection, and `ear` its end of it.
//! `forgetting` takes out of histories what was said by whoever is erased.

mod channel;
mod connections;
mod ear;
mod forgetting;
mod hub;
mod limits;
mod mailbox;
mod tenant;

pub use forgetting::Forgetting;
pub use hub::{Hub, Ports};
pub use limits::{CHANNELS_PER_CONNECTION_MAX, ConnectionLimits, WAITING_BYTES_MAX, WAITING_MAX};
