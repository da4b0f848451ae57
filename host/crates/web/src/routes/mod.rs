//! The host's own handlers, one file each; [`crate::router::table`] says where they are.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod native;
pub(crate) mod openapi;
pub(crate) mod tickets;
pub(crate) mod token;
