//! What authors of Stoa plugins use.
//!
//! A plugin is a `plugin.toml`, this crate's [`plugin!`] and functions that read like handlers of an HTTP
//! framework: typed extractors in, a typed answer or a [`Problem`] out. There is no transaction, no retry,
//! no tenant and no router in sight; that is the host's work. See `docs/plugins/guide.md`.

extern crate self as stoa_guest;

#[cfg(target_arch = "wasm32")]
mod arena;
mod bindings;
pub mod blobs;
pub mod cache;
pub mod check;
pub mod clock;
pub mod directory;
pub mod events;
mod extract;
mod handler;
mod host;
pub mod inbound;
pub mod live;
pub mod log;
pub mod mail;
mod money;
pub mod outbound;
#[cfg(target_arch = "wasm32")]
mod panics;
pub mod personal_data;
pub mod plans;
pub mod portion;
mod problem;
pub mod random;
mod respond;
pub mod roles;
pub mod schedule;
pub mod secrets;
pub mod settings;
pub mod storage;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod text;
pub mod webhook;
mod window;

pub use bindings::stoa::types::types::CallerKind;
pub use extract::{Body, Caller, FromRequest, Json, Path, Query, Shopper};
pub use handler::{Handler, Request};
pub use money::{Money, MoneyError, decimals};
pub use problem::{Problem, Result};
pub use respond::{Created, IntoResponse, NoContent, Response, Text};
pub use stoa_guest_macros::{Schema, plugin};
pub use stoa_wit::value::merge_patch;
pub use window::Window;

/// What a plugin's modules usually need.
pub mod prelude {
    pub use crate::storage::{
        Collection, Filter, Page, StorageError, Stored, and, any, contains, eq, ge, gt, le, lt, ne,
        not, one_of, or, prefix, text,
    };
    pub use crate::{
        Body, Caller, CallerKind, Created, IntoResponse, Json, Money, NoContent, Path, Problem,
        Query, Request, Response, Result, Schema, Shopper, Text, blobs, cache, clock, directory,
        events, events::Event, inbound, live, log, mail, outbound, plans, random, roles,
        schedule::Turn, secrets, settings, webhook,
    };
}

/// What the macros expand to. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::handler as bindings_handler;
    pub use crate::bindings::handler::exports::stoa::http::handler as wire;
    pub use crate::bindings::lifecycle as bindings_lifecycle;
    pub use crate::bindings::lifecycle::exports::stoa::lifecycle::lifecycle as wire_lifecycle;
    pub use crate::bindings::personal_data as bindings_personal_data;
    pub use crate::bindings::personal_data::exports::stoa::lifecycle::personal_data as wire_personal_data;
    pub use crate::bindings::scheduled as bindings_scheduled;
    pub use crate::bindings::scheduled::exports::stoa::schedule::scheduled as wire_scheduled;
    pub use crate::bindings::subscriber as bindings_subscriber;
    pub use crate::bindings::subscriber::exports::stoa::events::subscriber as wire_subscriber;
    pub use crate::bindings::{
        export_handler, export_lifecycle, export_personal_data, export_scheduled,
        export_subscriber, stoa,
    };
    pub use crate::events::deliver;
    pub use crate::handler::{begin, call, unknown_handler};
    pub use crate::personal_data::told;
    pub use wit_bindgen;
}
