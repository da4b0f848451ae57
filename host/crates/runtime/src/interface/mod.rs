//! One file per WIT interface. Each function does three things in order: check the grant, clamp the
//! input, call a port.

mod cache;
mod clock;
mod events;
mod inbound;
pub mod log;
mod outbound;
pub mod random;
mod secrets;
mod settings;
mod storage;
pub mod types;
