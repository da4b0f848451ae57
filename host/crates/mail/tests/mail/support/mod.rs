//! What the tests share.

pub mod http;
pub mod post;
pub mod smtp;
pub mod store;
pub mod transport;

pub use post::{CODE, Office, code_letter};
