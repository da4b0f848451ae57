//! The host behind the SDK: the real one in a component, the fakes in a plugin's own tests.

#[cfg(target_arch = "wasm32")]
mod real {
    pub(crate) use crate::bindings::stoa::blobs::blobs;
    pub(crate) use crate::bindings::stoa::cache::cache;
    pub(crate) use crate::bindings::stoa::clock::clock;
    pub(crate) use crate::bindings::stoa::directory::{directory, roles};
    pub(crate) use crate::bindings::stoa::events::events;
    pub(crate) use crate::bindings::stoa::http::{inbound, outbound};
    pub(crate) use crate::bindings::stoa::live::live;
    pub(crate) use crate::bindings::stoa::log::log;
    pub(crate) use crate::bindings::stoa::mail::mail;
    pub(crate) use crate::bindings::stoa::plans::plans;
    pub(crate) use crate::bindings::stoa::random::random;
    pub(crate) use crate::bindings::stoa::secrets::secrets;
    pub(crate) use crate::bindings::stoa::settings::settings;
    pub(crate) use crate::bindings::stoa::storage::storage;
}

#[cfg(target_arch = "wasm32")]
pub(crate) use real::*;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::host::*;
