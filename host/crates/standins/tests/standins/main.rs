//! The stand-ins by their APIs, and beside the services' own libraries.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod official;
mod razorpay;
mod stripe;
mod support;
mod twilio;
mod webhooks;
