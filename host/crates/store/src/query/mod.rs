//! Structured queries as statements of the engine, and the same order and cut for a request's own writes.

pub(crate) mod cursor;
pub(crate) mod filter;
pub(crate) mod order;
pub(crate) mod project;
pub(crate) mod select;
