//! The office of a shop: statistics, moderation of vendors and products, settings. Every decision is carried out
//! by the plugin that the thing belongs to, in the request's own transaction.

mod dashboard;
mod lists;
mod products_office;
mod queue;
mod settings_office;
mod sources;
#[cfg(test)]
mod tests;
mod vendors_office;

use stoa_guest::prelude::*;

use crate::dashboard::view_dashboard;
use crate::products_office::{approve_product, list_products, reject_product};
use crate::settings_office::{change_settings, view_settings};
use crate::vendors_office::{approve_vendor, list_vendors, reject_vendor};

stoa_guest::plugin!("plugin.toml");

fn on_product(event: Event<queue::Told>) -> Result<()> {
    queue::follow(&event)
}
