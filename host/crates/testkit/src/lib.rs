//! A whole host in a test: real router, real components, real store, and a clock that the test sets.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking, with a reason"
)]

mod actor;
mod collector;
mod events;
mod files;
mod host;
pub mod oidc;
mod people;
mod plans;
mod repack;

pub use actor::{Actor, Answer};
pub use collector::Collector;
pub use files::FilesConfig;
pub use host::{TestHost, TestHostBuilder, guest_file, plugin_file, sealing};
pub use people::PeopleConfig;
pub use repack::repack;
pub use stoa_kernel::rehearsal::{FakeClock, SeededRandom};
