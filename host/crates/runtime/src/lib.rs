//! The sandbox: components, their limits, their links to each other and to the host.
//!
//! A file becomes a plugin in `activation`; `registry` holds the set that is live; `request` answers
//! a client through it, `events` brings events and turns to it, `transaction` runs a guest for any cause until
//! that is committed, `call` runs it once, `relay` one plugin's call to another; `interface` is what guests can
//! reach.

mod activation;
mod answers;
mod aot;
mod artifact;
mod bindings;
mod breaker;
mod cache;
mod call;
mod calls_out;
mod channels;
mod compile;
mod config;
mod deploy;
mod engine;
mod events;
mod fault;
mod folder;
mod grants;
mod interface;
mod journal;
mod latency;
mod layers;
mod leftovers;
mod limiter;
mod linking;
mod meter;
mod migration;
mod outside;
mod personal_data;
mod pushes;
mod records;
mod registry;
mod relay;
mod request;
mod returning;
mod reuse;
mod revision;
mod scope;
mod services;
mod sets;
mod settings;
mod shapes;
mod shares;
mod slow_lane;
mod state;
mod storing;
mod switching;
mod tallies;
mod transaction;
mod turnstile;
mod wasi;

mod runtime;

pub use activation::ActivationError;
pub use compile::CompileError;
pub use config::{Compiler, Policy, RuntimeConfig};
pub use events::{DeadLetter, DeadLetters, Dispatcher, DispatcherPorts, LetterError};
pub use runtime::{Runtime, StartError, compile_file};
pub use scope::{People, Ports};
pub use shares::ShareLimits;

pub(crate) use runtime::Core;
