//! What is kept about somebody: told to them, and forgotten whole. What they bought is the orders' to remember.

use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Forgotten, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::profile::{PROFILES, Profile};
use crate::purchases::{PURCHASES, PurchaseView};
use crate::subscriptions::{SUBSCRIBERS, SUBSCRIPTIONS, SubscriptionView};
use crate::wishlist::{WISHLISTS, Wish};

/// Accounts of which nothing is kept any more, whatever arrives late.
pub const FORGOTTEN: Forgotten = Forgotten::new("forgotten");

/// Documents of a kind that are removed at once.
const PORTION: u32 = 200;
/// By which the plugin goes on.
const FORGETTING: &str = "profiles.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let profile = PROFILES.get(account)?;
    let wish = |wish: Wish| json!({ "productId": wish.product_id, "addedAt": clock::rfc3339(wish.added_at) });
    let wishes = WISHLISTS.get_or_default(account)?.wishes.into_iter();
    let wishes: Vec<Value> = wishes.map(wish).collect();
    let own = || eq("user_id", account);
    let kept = Kept::new()
        .one("profile", profile.map(told))?
        .one("wishlist", (!wishes.is_empty()).then_some(wishes))?
        .list(
            "subscriptions",
            SUBSCRIPTIONS.query().filter(own()).sort_desc("created_at"),
            |stored| SubscriptionView::of(stored.id, stored.value),
        )?
        .list(
            "purchases",
            PURCHASES.query().filter(own()).sort_desc("at"),
            |stored| PurchaseView::of(stored.id, stored.value),
        )?;
    Ok(kept.told())
}

fn told(profile: Profile) -> Value {
    let Profile {
        fields,
        preferences,
        created_at,
        updated_at,
        ..
    } = profile;
    json!({
        "firstName": fields.first_name, "lastName": fields.last_name, "avatar": fields.avatar,
        "company": fields.company, "phone": fields.phone, "bio": fields.bio, "website": fields.website,
        "preferences": preferences,
        "createdAt": clock::rfc3339(created_at), "updatedAt": clock::rfc3339(updated_at),
    })
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    FORGOTTEN.add(account)?;
    PROFILES.delete(account)?;
    WISHLISTS.delete(account)?;
    SUBSCRIBERS.delete(account)?;
    let own = || eq("user_id", account);
    let subscriptions = SUBSCRIPTIONS.query().filter(own());
    let more_subscriptions = forget_some(subscriptions, PORTION, |stored| {
        SUBSCRIPTIONS.delete(&stored.id)?;
        Ok(())
    })?;
    let purchases = PURCHASES.query().filter(own());
    let more_purchases = forget_some(purchases, PORTION, |stored| {
        PURCHASES.delete(&stored.id)?;
        Ok(())
    })?;
    Erased::go_on_if(more_subscriptions || more_purchases, FORGETTING, account)
}
