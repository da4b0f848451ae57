//! What clients see of a product: the union of the fields that the shops' clients know.

use serde::Serialize;
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::product::{Files, Kind, Metadata, Product, Status};
use crate::rights;

/// A product. Money is in major units, times are RFC 3339.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    pub id: String,
    pub vendor_id: String,
    /// The same, as one shop's clients know it.
    pub vendor: String,
    pub name: String,
    pub description: String,
    /// What a marketplace product is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    pub category: String,
    pub tags: Vec<String>,
    pub price: Number,
    /// What it cost before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_price: Option<Number>,
    /// ISO 4217 code.
    pub currency: String,
    /// Addresses of pictures.
    pub images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Pieces that can be sold; absent for goods without stock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Average of the reviews' ratings; 0 without reviews.
    pub rating: f64,
    pub review_count: u64,
    pub download_count: u64,
    pub view_count: u64,
    /// The four of them, as one shop's clients know them.
    pub analytics: Analytics,
    pub is_featured: bool,
    pub is_popular: bool,
    pub status: Status,
    /// Why an administrator has refused it; for its vendor and administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// What others made of a product.
#[derive(Debug, Serialize, Schema)]
pub struct Analytics {
    pub downloads: u64,
    pub views: u64,
    pub rating: f64,
    pub reviews: u64,
}

impl ProductView {
    /// What the caller may see of a product that the caller may see.
    pub fn of(id: String, product: Product, caller: &Caller) -> Self {
        let may_change = rights::may_change(caller, &product);
        let offer = product.offer;
        let files = offer.files.map(|files| {
            if may_change {
                files
            } else {
                Files {
                    download_url: None,
                    ..files
                }
            }
        });
        Self {
            id,
            vendor: product.vendor_id.clone(),
            vendor_id: product.vendor_id,
            name: offer.name,
            description: offer.description,
            kind: offer.kind,
            brand: offer.brand,
            category: offer.category,
            tags: offer.tags,
            original_price: offer.original_price.map(|money| money.to_major_json()),
            price: offer.price.to_major_json(),
            currency: offer.price.currency,
            images: offer.images,
            thumbnail: offer.thumbnail,
            files,
            metadata: offer.metadata,
            stock: offer.stock,
            sku: offer.sku,
            rating: product.rating,
            review_count: product.review_count,
            download_count: product.download_count,
            view_count: product.view_count,
            analytics: Analytics {
                downloads: product.download_count,
                views: product.view_count,
                rating: product.rating,
                reviews: product.review_count,
            },
            is_featured: product.is_featured,
            is_popular: product.is_popular,
            status: product.status,
            rejection_reason: product.rejection_reason.filter(|_| may_change),
            created_at: clock::rfc3339(product.created_at),
            updated_at: clock::rfc3339(product.updated_at),
        }
    }
}
