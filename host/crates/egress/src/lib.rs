//! Requests to services elsewhere: one client for all plugins, which reaches nothing that they may not reach.

mod address;
mod client;

pub use client::Egress;
