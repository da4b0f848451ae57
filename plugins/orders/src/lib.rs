//! Orders: from a cart to what is delivered, priced by the catalogue and never sold twice.

mod address;
mod announce;
mod basket;
mod cancel;
mod country;
mod interface;
mod listing;
mod moves;
mod number;
mod order;
mod place;
mod pricing;
mod rights;
mod shelf;
mod status;
#[cfg(test)]
mod tests;
mod text;
mod totals;
mod view;

use crate::cancel::{cancel_order, on_expiry};
use crate::listing::{get_order, list_orders, list_sales};
use crate::moves::move_order;
use crate::place::place_order;

stoa_guest::plugin!("plugin.toml");
