//! What the orders say of a buyer.

use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::orders::{Choice, Error};
use crate::view::{OrderList, OrderView};

#[cfg(not(test))]
use crate::orders as source;
#[cfg(test)]
use crate::tests::orders as source;

/// What ended without being sold. All else counts: the watch shop knows orders that are pending and orders that
/// are completed, and those on the way from one to the other are both.
const VOID: [&str; 2] = ["cancelled", "refunded"];

/// The currency in which spending makes a tier.
pub fn currency() -> String {
    settings::get("currency").unwrap_or_else(|| "USD".into())
}

/// Minor units of a currency that an account has spent.
pub fn spent(account: &str, currency: &str) -> Result<i64> {
    let totals = source::totals(Some(account), None).map_err(|error| failed(&error))?;
    let counted = totals
        .iter()
        .filter(|total| total.currency == currency && !VOID.contains(&total.status.as_str()));
    Ok(counted.fold(0, |sum: i64, total| sum.saturating_add(total.total_minor)))
}

/// Orders of an account, newest first; none of nobody.
pub fn orders(account: Option<&str>, window: &Window) -> Result<OrderList> {
    let mut list = OrderList {
        items: Vec::new(),
        total: 0,
        limit: window.limit,
        offset: window.offset,
    };
    if let Some(account) = account {
        let page = source::list(&Choice {
            buyer_id: Some(account.into()),
            vendor_id: None,
            status: None,
            since_ms: None,
            offset: window.offset,
            limit: window.limit,
        })
        .map_err(|error| failed(&error))?;
        list.total = page.total;
        list.items = page.orders.into_iter().map(OrderView::from).collect();
    }
    Ok(list)
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the orders: {error:?}"))
}
