//! The edge: everything between a socket and a plugin, and the host's own routes.
//!
//! It is the only crate that names hyper and axum. A request to a plugin or service passes plain functions, one after
//! the other, in `dispatch::dispatch`; axum serves the host's own routes.

mod access_log;
mod auth;
mod body;
mod client;
mod company;
mod compress;
mod conditional;
mod config;
mod content;
mod cors;
mod dispatch;
mod edge;
mod finish;
mod headers;
mod idempotency;
mod json;
mod line;
mod live;
mod meters;
mod method;
mod openapi;
mod places;
mod problem;
mod quota;
mod request_id;
mod router;
mod routes;
mod security;
mod serve;
mod session;
mod spans;
mod taking;
mod tenant;
mod trail;

pub use client::Peer;
pub use company::thread_rests;
pub use config::{EdgeConfig, LiveTimes, RateLimits};
pub use edge::{Edge, Ports};
pub use meters::{Metrics, MetricsError};
