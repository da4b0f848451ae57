//! Lists of orders: a buyer's, a vendor's, everybody's.

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::order::{self, Order};
use crate::rights::{self, Eyes};
use crate::status::Status;
use crate::view::OrderView;

/// Which orders.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct OrderQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    pub limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    pub offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    pub page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    pub cursor: Option<String>,
    pub status: Option<Status>,
    /// Somebody else's orders, for administrators.
    pub user_id: Option<String>,
    /// Everybody's orders, for administrators.
    pub all: Option<bool>,
}

/// A page of orders, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct OrderList {
    pub items: Vec<OrderView>,
    /// All that match, on every page.
    pub total: u64,
    pub limit: u32,
    pub offset: u32,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

pub fn get_order(caller: Caller, Path(id): Path<String>) -> Result<Json<OrderView>> {
    let (id, order, eyes) = rights::seen(&caller, &id)?;
    Ok(Json(OrderView::of(id, order, &eyes)))
}

pub fn list_orders(caller: Caller, Query(query): Query<OrderQuery>) -> Result<Json<OrderList>> {
    let buyer = buyer(&caller, &query)?;
    let window = window(&query)?;
    let filters = buyer
        .map(|buyer| eq("buyerId", buyer))
        .into_iter()
        .chain(query.status.map(|status| eq("status", status.word())));
    let chosen = order::orders().query().filter(and(filters));
    let found = window.page(chosen.sort_desc("createdAt").with_total())?;
    let items = found.items.into_iter();
    let page = items.map(|found| OrderView::of(found.id, found.value, &Eyes::All));
    Ok(Json(OrderList {
        items: page.collect(),
        total: found.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
        next_cursor: found.next_cursor,
    }))
}

pub fn list_sales(caller: Caller, Query(query): Query<OrderQuery>) -> Result<Json<OrderList>> {
    let vendor = caller.user()?;
    let window = window(&query)?;
    let (orders, total, next_cursor) = of_vendor(vendor, query.status, None, &window)?;
    let eyes = Eyes::Vendor(vendor.to_owned());
    let items = orders.into_iter();
    Ok(Json(OrderList {
        items: items
            .map(|(id, order)| OrderView::of(id, order, &eyes))
            .collect(),
        total,
        limit: window.limit,
        offset: window.offset,
        next_cursor,
    }))
}

/// Orders of a page, how many there are, and where the next page begins.
pub type Found = (Vec<(String, Order)>, u64, Option<String>);

/// Orders with products of a vendor, newest first.
pub fn of_vendor(
    vendor: &str,
    status: Option<Status>,
    since: Option<u64>,
    window: &Window,
) -> Result<Found> {
    let filters = [
        Some(eq("vendorId", vendor)),
        status.map(|status| eq("status", status.word())),
        since.map(|since| ge("createdAt", since)),
    ];
    let chosen = order::sales()
        .query()
        .filter(and(filters.into_iter().flatten()));
    let found = window.page(chosen.sort_desc("createdAt").with_total())?;
    let ids: Vec<String> = found
        .items
        .into_iter()
        .map(|sale| sale.value.order_id)
        .collect();
    let orders = match ids.is_empty() {
        true => Vec::new(),
        false => order::orders().get_many(&ids)?,
    };
    let orders = orders.into_iter().map(|found| (found.id, found.value));
    Ok((
        orders.collect(),
        found.total.unwrap_or_default(),
        found.next_cursor,
    ))
}

fn window(query: &OrderQuery) -> Result<Window> {
    Window::numbered(
        query.page,
        query.limit,
        query.offset,
        query.cursor.as_deref(),
    )
}

/// Whose orders are asked for; none for everybody's.
fn buyer(caller: &Caller, query: &OrderQuery) -> Result<Option<String>> {
    let own = caller.user()?;
    let asked = query.user_id.as_deref();
    if caller.is_admin() {
        let everybody = query.all == Some(true) && asked.is_none();
        return Ok((!everybody).then(|| asked.unwrap_or(own).to_owned()));
    }
    if query.all == Some(true) || asked.is_some_and(|asked| asked != own) {
        return Err(Problem::forbidden("Others see only their own orders."));
    }
    Ok(Some(own.to_owned()))
}
