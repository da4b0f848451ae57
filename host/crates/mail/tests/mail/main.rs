//! The queue, its worker and the ways out, each against something real wherever there is something real.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
#![expect(clippy::panic, reason = "tests fail by panicking")]

mod outbox;
mod queue;
mod sendgrid;
mod smtp;
mod support;
mod worker;
