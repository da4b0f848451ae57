//! Stand-ins of Stripe, Razorpay and Twilio on this machine, for tests and demonstrations.
//!
//! Each speaks its service's API as far as shops use it, keeps books, and checks credentials. Where the service does,
//! it repeats what was asked under the same idempotency key, and calls back with signed webhooks. What a test can't ask
//! of the real one it can ask of these: to lose an answer, to decline the next card, to hold webhooks back, to double or
//! to shuffle them. The same is there over HTTP, under `/_standin/`.
#![expect(
    clippy::indexing_slicing,
    reason = "JSON is read here by members, and what is missing reads as null"
)]

mod call;
mod control;
mod desk;
mod door;
mod id;
mod mishap;
mod post;
mod replay;
mod service;
pub mod signature;

pub mod razorpay;
pub mod stripe;
pub mod twilio;

pub use desk::StandIn;
pub use mishap::Mishap;
pub use post::{Address, Delivery, Event, Order, Post};
pub use razorpay::Razorpay;
pub use stripe::Stripe;
pub use twilio::Twilio;
