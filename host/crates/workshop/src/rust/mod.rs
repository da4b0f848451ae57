//! From Rust to a core module.

pub mod toolchain;
