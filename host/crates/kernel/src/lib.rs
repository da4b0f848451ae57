//! The vocabulary that the host's crates share: ids, errors, limits, queries, and the ports through which
//! they reach one another. No I/O, no async runtime, no engine.

pub mod answer;
pub mod blob;
pub mod call;
pub mod clock;
pub mod cookie;
pub mod crash;
pub mod deployment;
pub mod directory;
pub mod error;
pub mod event;
pub mod hex;
pub mod id;
pub mod identity;
pub mod importance;
pub mod limits;
pub mod live;
pub mod mail;
pub mod outbound;
pub mod paging;
pub mod personal_data;
pub mod places;
pub mod plans;
pub mod plugins;
pub mod query;
pub mod quota;
pub mod random;
pub mod records;
pub mod rehearsal;
pub mod retry;
pub mod routing;
pub mod schemas;
pub mod seal;
pub mod secret;
pub mod service;
pub mod status;
pub mod store;
pub mod times;
pub mod trace;
pub mod units;
pub mod wire;

pub use stoa_wit as wit;
