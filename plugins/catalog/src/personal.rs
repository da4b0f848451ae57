//! What is kept about those who write reviews: told to them, and forgotten. A review stays for other buyers, with its
//! part in the product's rating; its author goes.

use serde_json::Value;
use stoa_guest::personal_data::{Erased, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::reviews::{REVIEWS, ReviewView};

/// Reviews that are changed at once: each is removed and written anew.
const PORTION: u32 = 100;
/// By which the plugin goes on.
const FORGETTING: &str = "catalog.forgetting";

pub fn personal_data(account: &str) -> Result<Value> {
    let own = REVIEWS.query().filter(eq("userId", account));
    let kept = Kept::new().list("reviews", own.sort_desc("createdAt"), |stored| {
        ReviewView::of(stored.id, stored.value)
    })?;
    Ok(kept.told())
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    let own = REVIEWS.query().filter(eq("userId", account));
    let is_more = forget_some(own, PORTION, |stored| {
        // Its id names the author, too.
        REVIEWS.delete(&stored.id)?;
        let id = format!("{}:{}", stored.value.product_id, random::ulid());
        let mut review = stored.value;
        review.user_id = None;
        REVIEWS.create(&id, &review)?;
        Ok(())
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}
