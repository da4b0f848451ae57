//! The host behind the SDK: the real one in a component, the fakes in a plugin's own tests.

#[cfg(target_arch = "wasm32")]
mod real {
    pub use crate::bindings::stoa::cache::cache;
    pub use crate::bindings::stoa::clock::clock;
    pub use crate::bindings::stoa::events::events;
    pub use crate::bindings::stoa::http::inbound;
    pub use crate::bindings::stoa::log::log;
    pub use crate::bindings::stoa::random::random;
    pub use crate::bindings::stoa::settings::settings;
    pub use crate::bindings::stoa::storage::storage;
}

#[cfg(target_arch = "wasm32")]
pub use real::*;

#[cfg(not(target_arch = "wasm32"))]
pub use crate::testing::host::*;
