//! The other plugins that the office asks: the real ones, or those of this plugin's own tests.

#[cfg(test)]
pub use crate::tests::shop::{analytics, moderation, orders, vendors};
#[cfg(not(test))]
pub use crate::{analytics, moderation, orders, vendors};
