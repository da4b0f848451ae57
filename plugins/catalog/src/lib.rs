//! The catalogue: products, categories, reviews and stock, for all the shops that Stoa serves.

mod allowance;
mod amounts;
mod announce;
mod categories;
mod check;
mod copies;
mod criteria;
mod figures;
mod interface;
mod inventory;
mod listing;
mod moderation;
mod patch;
mod personal;
mod product;
mod products;
mod reviews;
mod rights;
mod shop;
#[cfg(test)]
mod tests;
mod uploads;
mod view;
mod write;

use crate::categories::list_categories;
use crate::figures::{count_download, count_views};
use crate::inventory::take_inventory;
use crate::personal::{forget, personal_data};
use crate::products::{
    change_product, create_product, delete_product, get_product, list_own_products, list_products,
};
use crate::reviews::{add_review, list_reviews};

stoa_guest::plugin!("plugin.toml");
