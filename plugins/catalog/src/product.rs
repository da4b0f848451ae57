//! A product as it is stored.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// All products. A product's id is the document's id.
pub const PRODUCTS: Collection<Product> = Collection::new("products");

/// Whether a product is on sale. The seeds' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// On sale.
    Active,
    /// Waits for an administrator.
    Pending,
    /// Refused by an administrator.
    Rejected,
    /// Not yet offered.
    Draft,
}

impl Status {
    /// The word on the wire and in storage.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Draft => "draft",
        }
    }

    /// The status that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Pending, Self::Rejected, Self::Draft]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// What a marketplace product is; goods such as watches have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Acts by itself.
    Agent,
    /// A sequence of steps.
    Workflow,
    /// Used by people.
    Tool,
}

/// What a buyer of a download gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Files {
    /// Address of a small picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// Addresses of pictures of the product in use.
    pub screenshots: Vec<String>,
    /// Where the file lies, or `blob:` and the id of one of the vendor's own uploads. Shown to the vendor and to administrators only: others have to buy it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// Bytes of the file.
    pub size: u64,
}

/// What a buyer of a download needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metadata {
    /// The product's own version.
    pub version: String,
    /// What it needs to run.
    pub requirements: Vec<String>,
    /// What it works with.
    pub compatibility: Vec<String>,
}

/// What its maker says of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "type")]
    pub kind: Option<Kind>,
    pub brand: Option<String>,
    pub category: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub price: Money,
    pub original_price: Option<Money>,
    #[serde(default)]
    pub images: Vec<String>,
    pub thumbnail: Option<String>,
    pub files: Option<Files>,
    pub metadata: Option<Metadata>,
    /// Pieces that can be sold; none for goods without stock.
    pub stock: Option<u32>,
    pub sku: Option<String>,
}

/// A stored product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub vendor_id: String,
    pub status: Status,
    /// Why an administrator took it off sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection_reason: Option<String>,
    pub offer: Offer,
    pub is_featured: bool,
    pub is_popular: bool,
    /// Sum of all ratings, so that the average needs no look at the reviews.
    pub rating_sum: u64,
    pub review_count: u64,
    /// The average, kept for sorting.
    pub rating: f64,
    pub download_count: u64,
    pub view_count: u64,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub updated_at: u64,
}

impl Product {
    /// A product that nobody has bought or rated.
    pub fn new(offer: Offer, vendor_id: String, status: Status, now: u64) -> Self {
        Self {
            vendor_id,
            status,
            rejection_reason: None,
            offer,
            is_featured: false,
            is_popular: false,
            rating_sum: 0,
            review_count: 0,
            rating: 0.0,
            download_count: 0,
            view_count: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether it may be sold now.
    pub fn is_purchasable(&self) -> bool {
        self.status == Status::Active && self.offer.stock != Some(0)
    }

    /// Counts one more rating.
    pub fn rate(&mut self, rating: u8) {
        self.rating_sum += u64::from(rating);
        self.review_count += 1;
        self.rating = average(self.rating_sum, self.review_count);
    }
}

/// The average, rounded half up to two decimals.
fn average(sum: u64, count: u64) -> f64 {
    let hundredths = if count == 0 {
        0
    } else {
        (sum * 200 + count) / (count * 2)
    };
    // An average of 1 to 5 has at most three digits: exact in an f64 and printed as such.
    u32::try_from(hundredths).map_or(0.0, |hundredths| f64::from(hundredths) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_rounded_half_up_to_two_decimals() {
        for (sum, count, expected) in [
            (0, 0, 0.0),
            (5, 1, 5.0),
            (9, 2, 4.5),
            (13, 3, 4.33),
            (14, 3, 4.67),
            (33, 8, 4.13),
        ] {
            assert!(
                (average(sum, count) - expected).abs() < f64::EPSILON,
                "{sum}/{count}"
            );
        }
    }

    #[test]
    fn every_status_is_found_by_its_word() {
        for status in [
            Status::Active,
            Status::Pending,
            Status::Rejected,
            Status::Draft,
        ] {
            assert_eq!(Status::from_word(status.word()), Some(status));
            assert_eq!(serde_json::json!(status), status.word());
        }
        assert_eq!(Status::from_word("Active"), None);
    }
}
