//! Licences: issued when a payment comes in, revoked when it goes back.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

use crate::orders::{Error, Line as Ordered, Order};
use crate::personal::FORGOTTEN;
use crate::{key, sources};

pub const LICENCES: Collection<Licence> = Collection::new("licences");

/// Products of one question to the catalogue, as its interface has it.
const IDS_MAX: usize = 100;

/// What entitles somebody to a download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    pub buyer_id: String,
    pub product_id: String,
    pub product_name: String,
    pub vendor_id: String,
    pub order_id: String,
    pub payment_id: String,
    pub key: String,
    pub issued_at: u64,
    /// Set when the money went back.
    pub revoked_at: Option<u64>,
    /// Links that were given.
    pub links: u32,
    /// Downloads that were begun.
    pub downloads: u32,
}

/// A product whose money went back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub product_id: String,
}

/// Issues what a payment entitles to. The event that tells of it may be handled long after the money went back, so what counts
/// is how the order stands.
pub fn issue_for(order_id: &str, payment_id: &str) -> Result<()> {
    match sources::orders::get(order_id) {
        Ok(order) if order.payment_id.as_deref() == Some(payment_id) => issue(&order, payment_id),
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// Issues a licence for every product of a paid order that can be downloaded and has none yet.
fn issue(order: &Order, payment_id: &str) -> Result<()> {
    let is_paid = order.payment_status == "paid" && order.status != "cancelled";
    if !is_paid || FORGOTTEN.has(&order.buyer_id)? {
        return Ok(());
    }
    for line in digital(&order.lines)? {
        let licence = Licence {
            buyer_id: order.buyer_id.clone(),
            product_id: line.product_id.clone(),
            product_name: line.name.clone(),
            vendor_id: line.vendor_id.clone(),
            order_id: order.id.clone(),
            payment_id: payment_id.into(),
            key: key::new(),
            issued_at: clock::now_ms(),
            revoked_at: None,
            links: 0,
            downloads: 0,
        };
        match LICENCES.create(&id(payment_id, &line.product_id), &licence) {
            Ok(_) => announce(&licence)?,
            Err(StorageError::AlreadyExists) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes back what a payment entitled to.
pub fn revoke(payment_id: &str, lines: &[Line]) -> Result<()> {
    for line in lines {
        let id = id(payment_id, &line.product_id);
        if let Some(mut licence) = LICENCES.get(&id)?
            && licence.revoked_at.is_none()
        {
            licence.revoked_at = Some(clock::now_ms());
            LICENCES.put(&id, &licence)?;
        }
    }
    Ok(())
}

/// The buyer's newest licence of a product that is good, with its id. What has been paid for and not been
/// handled yet is issued at once. Others' licences and missing ones look alike.
pub fn of(buyer_id: &str, product_id: &str) -> Result<(String, Licence)> {
    if let Some(found) = good(buyer_id, product_id)? {
        return Ok(found);
    }
    let order = sources::orders::bought(buyer_id, product_id).map_err(|error| failed(&error))?;
    if let Some(order) = order
        && let Some(payment_id) = &order.payment_id
    {
        issue(&order, payment_id)?;
    }
    good(buyer_id, product_id)?.ok_or_else(|| Problem::not_found("download"))
}

fn good(buyer_id: &str, product_id: &str) -> Result<Option<(String, Licence)>> {
    let own = and([
        eq("buyer_id", buyer_id),
        eq("product_id", product_id),
        eq("revoked_at", serde_json::Value::Null),
    ]);
    let newest = LICENCES.query().filter(own).sort_desc("issued_at").limit(1);
    let found = newest.run()?.items.into_iter().next();
    Ok(found.map(|stored| (stored.id, stored.value)))
}

fn id(payment_id: &str, product_id: &str) -> String {
    format!("{payment_id}:{product_id}")
}

/// The lines of what can be downloaded: goods without stock, and whatever has a file.
fn digital(lines: &[Ordered]) -> Result<Vec<&Ordered>> {
    let mut digital = Vec::new();
    for part in lines.chunks(IDS_MAX) {
        let ids: Vec<String> = part.iter().map(|line| line.product_id.clone()).collect();
        let on_sale = sources::catalog::get_products(&ids)
            .map_err(|error| Problem::internal(format!("the catalogue: {error:?}")))?;
        for line in part {
            let mut known = on_sale.iter();
            let known = known.find(|product| product.id == line.product_id);
            // What is counted or no longer on sale is known by its file alone.
            let is_endless = known.is_some_and(|product| product.stock.is_none());
            if is_endless || file(&line.product_id)?.is_some() {
                digital.push(line);
            }
        }
    }
    Ok(digital)
}

/// Lets the orders know that the buyer has it now, whatever becomes of the order.
pub fn handed_over(licence: &Licence) -> Result<()> {
    match sources::orders::handed_over(&licence.order_id, &licence.product_id) {
        // Whoever has forgotten the order can't call it off either.
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &Error) -> Problem {
    Problem::internal(format!("the orders: {error:?}"))
}

/// What buyers of a product download; none if there is nothing.
pub fn file(product_id: &str) -> Result<Option<String>> {
    match sources::moderation::file(product_id) {
        Ok(file) => Ok(file),
        Err(sources::moderation::Error::NotFound) => Ok(None),
        Err(error) => Err(Problem::internal(format!("the catalogue: {error:?}"))),
    }
}

/// What is told of a licence. Its key is for the buyer's eyes alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued<'a> {
    buyer_id: &'a str,
    product_id: &'a str,
    product_name: &'a str,
    order_id: &'a str,
}

fn announce(licence: &Licence) -> Result<()> {
    let told = Issued {
        buyer_id: &licence.buyer_id,
        product_id: &licence.product_id,
        product_name: &licence.product_name,
        order_id: &licence.order_id,
    };
    events::raise("licence.issued", &licence.order_id, &told)
}
