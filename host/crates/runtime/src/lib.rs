//! The sandbox: components, their limits, their links to each other and to the host.
//!
//! A file becomes a plugin in `activation`; `registry` holds the set that is live; `transaction` runs a
//! request through it, `call` one guest, `relay` one plugin's call to another; `interface` is what
//! guests can reach.

mod activation;
mod answers;
mod aot;
mod artifact;
mod bindings;
mod cache;
mod call;
mod calls_out;
mod compile;
mod config;
mod engine;
mod event_ids;
mod fault;
mod interface;
mod limiter;
mod linking;
mod meter;
mod migration;
mod outside;
mod reach;
mod registry;
mod relay;
mod reuse;
mod revision;
mod scope;
mod state;
mod tenants;
mod transaction;
mod turnstile;
mod wasi;

mod runtime;

pub use activation::ActivationError;
pub use compile::CompileError;
pub use config::{Compiler, Policy, RuntimeConfig};
pub use runtime::{Runtime, StartError, compile_file};
pub use scope::Ports;

pub(crate) use runtime::Core;
