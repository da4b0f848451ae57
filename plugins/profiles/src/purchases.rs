//! What people have ordered, as events tell; how each order stands is the orders' to say.

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::personal;

/// Purchases, by the order's id.
pub const PURCHASES: Collection<Purchase> = Collection::new("purchases");

/// A purchase as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    user_id: String,
    number: String,
    currency: String,
    total_minor: i64,
    items: Vec<Item>,
    at: u64,
}

/// A part of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    product_id: String,
    name: String,
    quantity: u32,
}

/// What orders tell.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ordered {
    order_id: String,
    buyer_id: String,
    #[serde(default)]
    number: String,
    currency: String,
    total_minor: i64,
    #[serde(default)]
    lines: Vec<Item>,
}

/// Which purchases.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PurchasesQuery {
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    page: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    cursor: Option<String>,
}

/// A purchase.
#[derive(Debug, Clone, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PurchaseView {
    order_id: String,
    order_number: String,
    total: Number,
    currency: String,
    items: Vec<Item>,
    purchased_at: String,
}

impl PurchaseView {
    /// A purchase, for its buyer.
    pub fn of(order_id: String, purchase: Purchase) -> Self {
        Self {
            order_id,
            order_number: purchase.number,
            total: Money::new(purchase.total_minor, purchase.currency.clone()).to_major_json(),
            currency: purchase.currency,
            items: purchase.items,
            purchased_at: clock::rfc3339(purchase.at),
        }
    }
}

/// Purchases, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct PurchaseList {
    purchases: Vec<PurchaseView>,
    /// The same, under the name that all lists have.
    items: Vec<PurchaseView>,
    /// All, on every page.
    total: u64,
    limit: u32,
    offset: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Adds an order to its buyer's history.
pub fn remember(event: Event<Ordered>) -> Result<()> {
    let Ordered {
        order_id,
        buyer_id,
        number,
        currency,
        total_minor,
        lines,
    } = event.payload;
    if personal::FORGOTTEN.has(&buyer_id)? {
        return Ok(());
    }
    let purchase = Purchase {
        user_id: buyer_id,
        number,
        currency,
        total_minor,
        items: lines,
        at: event.raised_at_ms,
    };
    PURCHASES.put(&order_id, &purchase)?;
    Ok(())
}

pub fn list_purchases(
    caller: Caller,
    Query(wanted): Query<PurchasesQuery>,
) -> Result<Json<PurchaseList>> {
    let own = PURCHASES.query().filter(eq("user_id", caller.user()?));
    let PurchasesQuery {
        limit,
        page,
        offset,
        cursor,
    } = wanted;
    let limit = limit.map(|limit| limit.max(1));
    let window = Window::numbered(page, limit, offset, cursor.as_deref())?;
    let page = window.page(own.sort_desc("at").with_total())?;
    let purchases = page.items.into_iter();
    let purchases: Vec<PurchaseView> = purchases
        .map(|stored| PurchaseView::of(stored.id, stored.value))
        .collect();
    Ok(Json(PurchaseList {
        items: purchases.clone(),
        purchases,
        total: page.total.unwrap_or(0),
        limit: window.limit,
        offset: window.offset,
        next_cursor: page.next_cursor,
    }))
}
