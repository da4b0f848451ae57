//! The other plugins that people's pages rest on: the real ones, or those of this plugin's own tests.

#[cfg(test)]
pub use crate::tests::shop::{catalog, downloads, moderation, orders, vendors};
#[cfg(not(test))]
pub use crate::{catalog, downloads, moderation, orders, vendors};
