//! What people want.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::sources;

/// Wishlists, by account.
pub const WISHLISTS: Collection<Wishes> = Collection::new("wishlists");

/// Products that somebody may want: as many as one question to the catalogue tells of.
const WISHES_MAX: usize = 100;

/// A wishlist as it is stored, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    pub wishes: Vec<Wish>,
}

/// A product that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    pub product_id: String,
    pub added_at: u64,
}

/// A product for the wishlist.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWish {
    product_id: String,
}

/// What somebody wants, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Wishlist {
    items: Vec<WishView>,
    count: usize,
    /// The same, under the name that all lists have.
    total: usize,
}

/// A product that somebody wants, at today's offer.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct WishView {
    id: String,
    product_id: String,
    /// Whether it can be bought now.
    available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<String>,
    added_at: String,
}

pub fn view_wishlist(caller: Caller) -> Result<Json<Wishlist>> {
    shown(WISHLISTS.get_or_default(caller.user()?)?)
}

pub fn add_wish(caller: Caller, Json(new): Json<NewWish>) -> Result<Json<Wishlist>> {
    let id = caller.user()?;
    let mut wishes = WISHLISTS.get_or_default(id)?;
    let is_there = |wish: &Wish| wish.product_id == new.product_id;
    if !wishes.wishes.iter().any(is_there) {
        if wishes.wishes.len() >= WISHES_MAX {
            let detail = format!("A wishlist holds {WISHES_MAX} products.");
            return Err(Problem::unprocessable("productId", detail));
        }
        if offers(std::slice::from_ref(&new.product_id))?.is_empty() {
            return Err(Problem::not_found("product"));
        }
        wishes.wishes.push(Wish {
            product_id: new.product_id,
            added_at: clock::now_ms(),
        });
        WISHLISTS.put(id, &wishes)?;
    }
    shown(wishes)
}

pub fn remove_wish(caller: Caller, Path(product_id): Path<String>) -> Result<Json<Wishlist>> {
    let id = caller.user()?;
    let mut wishes = WISHLISTS.get_or_default(id)?;
    let before = wishes.wishes.len();
    wishes.wishes.retain(|wish| wish.product_id != product_id);
    if wishes.wishes.len() == before {
        return Err(Problem::not_found("wish"));
    }
    WISHLISTS.put(id, &wishes)?;
    shown(wishes)
}

/// How many products somebody wants.
pub fn count(user_id: &str) -> Result<usize> {
    Ok(WISHLISTS.get_or_default(user_id)?.wishes.len())
}

fn offers(ids: &[String]) -> Result<Vec<sources::catalog::Product>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sources::catalog::get_products(ids)
        .map_err(|error| Problem::internal(format!("the catalogue: {error:?}")))
}

fn shown(wishes: Wishes) -> Result<Json<Wishlist>> {
    let ids: Vec<String> = wishes
        .wishes
        .iter()
        .map(|wish| wish.product_id.clone())
        .collect();
    let offers = offers(&ids)?;
    let view = |wish: Wish| {
        let mut offers = offers.iter();
        let offer = offers.find(|offer| offer.id == wish.product_id);
        WishView {
            id: wish.product_id.clone(),
            product_id: wish.product_id,
            available: offer.is_some_and(|offer| offer.purchasable),
            name: offer.map(|offer| offer.name.clone()),
            price: offer.map(|offer| {
                Money::new(offer.price.minor, offer.price.currency.clone()).to_major_json()
            }),
            currency: offer.map(|offer| offer.price.currency.clone()),
            thumbnail: offer.and_then(|offer| offer.thumbnail.clone()),
            added_at: clock::rfc3339(wish.added_at),
        }
    };
    let items: Vec<WishView> = wishes.wishes.into_iter().rev().map(view).collect();
    Ok(Json(Wishlist {
        count: items.len(),
        total: items.len(),
        items,
    }))
}
