//! One file per WIT interface. Each function does three things in order: check the grant, clamp the
//! input, call a port.

mod blobs;
mod cache;
mod clock;
mod directory;
mod events;
mod host_events;
mod inbound;
mod live;
pub mod log;
pub mod mail;
mod outbound;
mod plans;
pub mod random;
mod roles;
mod secrets;
mod settings;
mod storage;
pub mod types;
