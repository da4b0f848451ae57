//! Text messages: to whom they go, how one shows that a number is one's own, and how they leave.

pub mod number;
pub mod phone;
pub mod quota;
pub mod sending;
pub mod service;
pub mod verification;
