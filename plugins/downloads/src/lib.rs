//! Licences of what was bought, and links to download it.

mod interface;
mod key;
mod licence;
mod personal;
mod sources;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::licence::{LICENCES, Licence, Line};
use crate::personal::{forget, personal_data};

stoa_guest::plugin!("plugin.toml");

/// Seconds that a link is good for at most, as the host has it.
const LINK_SECONDS_MAX: u32 = 7 * 86_400;

/// Where to download from.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct LinkView {
    /// A path on this host, or the vendor's own address.
    download_url: String,
    /// RFC 3339; absent when the vendor's own address does not end.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

fn view_link(caller: Caller, Path(product_id): Path<String>) -> Result<Json<LinkView>> {
    let (id, mut licence) = licence::of(caller.user()?, &product_id)?;
    let bound: u32 = settings::get("links_per_licence_max").unwrap_or(0);
    if bound > 0 && licence.links >= bound {
        let detail = "All links of this licence are used up; ask the shop.";
        return Err(Problem::new(403, "download-limit", detail));
    }
    let file = licence::file(&product_id)?;
    let file = file.ok_or_else(|| Problem::not_found("download"))?;
    licence.links += 1;
    LICENCES.put(&id, &licence)?;
    licence::handed_over(&licence)?;
    link(file).map(Json)
}

fn link(file: String) -> Result<LinkView> {
    let Some(blob) = blobs::named(&file) else {
        return Ok(LinkView {
            download_url: file,
            expires_at: None,
            file_name: None,
            size: None,
        });
    };
    let seconds: u32 = settings::get("link_seconds").unwrap_or(900);
    let seconds = seconds.clamp(1, LINK_SECONDS_MAX);
    let info = blobs::stat(blob)?.ok_or_else(|| Problem::not_found("download"))?;
    Ok(LinkView {
        download_url: blobs::link(blob, seconds)?,
        expires_at: Some(clock::rfc3339(clock::now_ms() + u64::from(seconds) * 1_000)),
        file_name: Some(info.name),
        size: Some(info.size_bytes),
    })
}

/// A licence, for its buyer.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct LicenceView {
    product_id: String,
    product_name: String,
    order_id: String,
    license_key: String,
    issued_at: String,
    /// Downloads that were begun.
    downloads: u32,
}

impl From<Licence> for LicenceView {
    fn from(licence: Licence) -> Self {
        Self {
            product_id: licence.product_id,
            product_name: licence.product_name,
            order_id: licence.order_id,
            license_key: licence.key,
            issued_at: clock::rfc3339(licence.issued_at),
            downloads: licence.downloads,
        }
    }
}

fn view_licence(caller: Caller, Path(product_id): Path<String>) -> Result<Json<LicenceView>> {
    let (_, licence) = licence::of(caller.user()?, &product_id)?;
    Ok(Json(licence.into()))
}

/// What is told of a download.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Started<'a> {
    product_id: &'a str,
    user_id: &'a str,
    vendor_id: &'a str,
}

fn track_download(caller: Caller, Path(product_id): Path<String>) -> Result<Json<LicenceView>> {
    let (id, mut licence) = licence::of(caller.user()?, &product_id)?;
    licence.downloads = licence.downloads.saturating_add(1);
    LICENCES.put(&id, &licence)?;
    let started = Started {
        product_id: &product_id,
        user_id: &licence.buyer_id,
        vendor_id: &licence.vendor_id,
    };
    events::raise("download.started", &product_id, &started)?;
    Ok(Json(licence.into()))
}

/// What payments tell when one came in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    payment_id: String,
    order_id: String,
}

fn on_payment(event: Event<Paid>) -> Result<()> {
    let Paid {
        payment_id,
        order_id,
    } = event.payload;
    licence::issue_for(&order_id, &payment_id)
}

/// What payments and orders tell when money goes back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoneyBack {
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    lines: Vec<Line>,
}

fn on_money_back(event: Event<MoneyBack>) -> Result<()> {
    match &event.payload.payment_id {
        Some(payment_id) => licence::revoke(payment_id, &event.payload.lines),
        // Nobody had paid.
        None => Ok(()),
    }
}
