//! The other plugins that licences rest on: the real ones, or those of this plugin's own tests.

#[cfg(test)]
pub use crate::tests::shop::{catalog, moderation, orders};
#[cfg(not(test))]
pub use crate::{catalog, moderation, orders};
