//! What people say of themselves, want, and have bought.

mod dashboard;
mod personal;
mod profile;
mod purchases;
mod sources;
mod subscriptions;
#[cfg(test)]
mod tests;
mod wishlist;

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::dashboard::view_dashboard;
use crate::personal::{forget, personal_data};
use crate::profile::{change_profile, view_profile};
use crate::purchases::{Ordered, list_purchases};
use crate::subscriptions::{list_subscriptions, subscribe, unsubscribe};
use crate::wishlist::{add_wish, remove_wish, view_wishlist};

stoa_guest::plugin!("plugin.toml");

/// What the host tells of somebody who joined.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    user_id: String,
    #[serde(default)]
    name: String,
    /// Its first part; the rest is the family's.
    #[serde(default)]
    first_name: String,
}

fn on_registered(event: Event<Registered>) -> Result<()> {
    match personal::FORGOTTEN.has(&event.payload.user_id)? {
        true => Ok(()),
        false => {
            let Registered {
                user_id,
                name,
                first_name,
            } = event.payload;
            profile::found(&user_id, &name, &first_name)
        }
    }
}

fn on_order(event: Event<Ordered>) -> Result<()> {
    purchases::remember(event)
}
