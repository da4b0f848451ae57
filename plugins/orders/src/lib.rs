//! Orders: from a cart to what is delivered, priced by the catalogue and never sold twice.

mod address;
mod announce;
mod basket;
mod cancel;
mod country;
mod free;
mod interface;
mod listing;
mod moves;
mod number;
mod order;
mod personal;
mod place;
mod pricing;
mod rights;
mod shelf;
mod status;
#[cfg(test)]
mod tests;
mod text;
mod totals;
mod unpaid;
mod view;

use crate::cancel::{cancel_order, on_expiry};
use crate::listing::{get_order, list_orders, list_sales};
use crate::moves::move_order;
use crate::personal::{forget, personal_data};
use crate::place::place_order;

stoa_guest::plugin!("plugin.toml");
