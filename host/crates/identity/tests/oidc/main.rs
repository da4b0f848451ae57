//! Sign-in at a real, certified OpenID provider over loopback.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod callback;
mod hostile;
mod rotation;
mod signing_in;
mod world;
