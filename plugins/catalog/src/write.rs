//! What clients send of a product, and how it becomes an [`Offer`].

use serde::{Deserialize, Serialize};
use serde_json::Number;
use stoa_guest::prelude::*;

use crate::amounts;
use crate::check;
use crate::product::{Files, Kind, Metadata, Offer, Product, Status};
use crate::uploads;

/// A product as its maker writes it, whole. Money is in major units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewProduct {
    /// Administrators may choose it, to keep the ids of an import. Ignored by later writes if unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Administrators may name another vendor than themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// 1 to 200 characters.
    pub name: String,
    /// At most 20,000 characters.
    #[serde(default)]
    pub description: String,
    /// What a marketplace product is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// 1 to 100 characters.
    pub category: String,
    /// At most 30, kept in lower case.
    #[serde(default)]
    pub tags: Vec<String>,
    /// At least 0, with no more decimals than the currency has.
    pub price: Number,
    /// What it cost before; not less than the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_price: Option<Number>,
    /// ISO 4217 code; the shop's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Addresses of at most 20 pictures; `blob:` and the id of an uploaded public one is good, too, wherever a picture's
    /// address is.
    #[serde(default)]
    pub images: Vec<String>,
    /// Address of a small picture; that of `files`, or the first of `images`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// What a buyer of a download gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
    /// What a buyer of a download needs to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Pieces that can be sold; absent for goods without stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    /// The vendor's own number for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Set by administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_featured: Option<bool>,
    /// Set by administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_popular: Option<bool>,
    /// Vendors may set `draft` and `pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl NewProduct {
    /// The checked offer; `currency` is the shop's own.
    pub fn offer(&self, currency: &str) -> Result<Offer> {
        let currency = self.currency.as_deref().unwrap_or(currency);
        let price = price("price", &self.price, currency)?;
        let original_price = self
            .original_price
            .as_ref()
            .map(|amount| self::price("originalPrice", amount, currency))
            .transpose()?;
        if original_price
            .as_ref()
            .is_some_and(|before| before.minor < price.minor)
        {
            return Err(Problem::invalid(
                "originalPrice",
                "originalPrice is not less than price.",
            ));
        }
        let images = check::list("images", &self.images, check::IMAGES_MAX, |field, image| {
            uploads::picture(field, image)
        })?;
        let files = self.files.as_ref().map(checked_files).transpose()?;
        let of_files = files.as_ref().and_then(|files| files.thumbnail.clone());
        let thumbnail = uploads::optional_picture("thumbnail", self.thumbnail.as_deref())?;
        Ok(Offer {
            name: check::line("name", &self.name, check::NAME_CHARS_MAX)?,
            description: check::prose(
                "description",
                &self.description,
                check::DESCRIPTION_CHARS_MAX,
            )?,
            kind: self.kind,
            brand: check::optional_line("brand", self.brand.as_deref(), check::LABEL_CHARS_MAX)?,
            category: check::line("category", &self.category, check::LABEL_CHARS_MAX)?,
            tags: check::tags("tags", &self.tags)?,
            price,
            original_price,
            thumbnail: thumbnail.or(of_files).or_else(|| images.first().cloned()),
            images,
            files,
            metadata: self.metadata.as_ref().map(checked_metadata).transpose()?,
            stock: self
                .stock
                .map(|stock| check::at_most("stock", stock, check::STOCK_MAX))
                .transpose()?,
            sku: check::optional_line("sku", self.sku.as_deref(), check::LABEL_CHARS_MAX)?,
        })
    }

    /// What a client would have to send to write the product as it is.
    pub fn of(id: &str, product: &Product) -> Self {
        let offer = product.offer.clone();
        Self {
            id: Some(id.into()),
            vendor_id: Some(product.vendor_id.clone()),
            name: offer.name,
            description: offer.description,
            kind: offer.kind,
            brand: offer.brand,
            category: offer.category,
            tags: offer.tags,
            price: offer.price.to_major_json(),
            original_price: offer.original_price.as_ref().map(Money::to_major_json),
            currency: Some(offer.price.currency),
            images: offer.images,
            thumbnail: offer.thumbnail,
            files: offer.files,
            metadata: offer.metadata,
            stock: offer.stock,
            sku: offer.sku,
            is_featured: Some(product.is_featured),
            is_popular: Some(product.is_popular),
            status: Some(product.status),
        }
    }
}

fn price(field: &str, amount: &Number, currency: &str) -> Result<Money> {
    let money = amounts::read(field, amount, currency)?;
    if (0..=check::PRICE_MINOR_MAX).contains(&money.minor) {
        return Ok(money);
    }
    Err(Problem::invalid(
        field,
        format!("{field} is 0 to {} minor units.", check::PRICE_MINOR_MAX),
    ))
}

fn checked_files(files: &Files) -> Result<Files> {
    let shots = &files.screenshots;
    Ok(Files {
        thumbnail: uploads::optional_picture("files.thumbnail", files.thumbnail.as_deref())?,
        screenshots: check::list(
            "files.screenshots",
            shots,
            check::IMAGES_MAX,
            |field, shot| uploads::picture(field, shot),
        )?,
        download_url: uploads::optional_download(
            "files.downloadUrl",
            files.download_url.as_deref(),
        )?,
        size: check::at_most("files.size", files.size, check::FILE_BYTES_MAX)?,
    })
}

fn checked_metadata(metadata: &Metadata) -> Result<Metadata> {
    let lines = |field: &str, lines: &[String]| {
        check::list(field, lines, check::LINES_MAX, |field, line| {
            check::line(field, line, check::NAME_CHARS_MAX)
        })
    };
    Ok(Metadata {
        version: check::prose(
            "metadata.version",
            &metadata.version,
            check::LABEL_CHARS_MAX,
        )?,
        requirements: lines("metadata.requirements", &metadata.requirements)?,
        compatibility: lines("metadata.compatibility", &metadata.compatibility)?,
    })
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]
mod tests {
    use serde_json::{Value, json};
    use stoa_guest::merge_patch;

    use super::*;

    fn new(members: Value) -> Result<Offer> {
        let mut whole = json!({"name": "Watch", "category": "sport", "price": 10});
        merge_patch(&mut whole, members);
        serde_json::from_value::<NewProduct>(whole)
            .unwrap()
            .offer("USD")
    }

    #[test]
    fn the_least_that_makes_an_offer() {
        let offer = new(json!({})).unwrap();
        assert_eq!(offer.price, Money::new(10_00, "USD"));
        assert_eq!(
            (offer.stock, offer.thumbnail, offer.description.as_str()),
            (None, None, "")
        );
    }

    #[test]
    fn every_bound_is_refused_by_the_name_of_its_member() {
        let long = |chars: usize| "x".repeat(chars);
        for (members, field) in [
            (json!({"name": " "}), "name"),
            (json!({"name": long(201)}), "name"),
            (json!({"name": "a\u{7}b"}), "name"),
            (json!({"description": long(20_001)}), "description"),
            (json!({"brand": long(101)}), "brand"),
            (json!({"category": ""}), "category"),
            (json!({"tags": ["ok", long(41)]}), "tags.1"),
            (json!({"tags": vec!["t"; 31]}), "tags"),
            (json!({"price": -1}), "price"),
            (json!({"price": 0.001}), "price"),
            (json!({"price": 100_000_001}), "price"),
            (json!({"price": 1e300}), "price"),
            (json!({"originalPrice": 9}), "originalPrice"),
            (json!({"currency": "dollars"}), "currency"),
            (json!({"currency": "JPY", "price": 1.5}), "price"),
            (
                json!({"images": ["https://ok.example/a.png", "javascript:alert(1)"]}),
                "images.1",
            ),
            (json!({"images": ["//elsewhere.example/a.png"]}), "images.0"),
            (json!({"images": vec!["/a.png"; 21]}), "images"),
            (json!({"thumbnail": "ftp://a"}), "thumbnail"),
            (
                json!({"files": {"screenshots": ["no"]}}),
                "files.screenshots.0",
            ),
            (
                json!({"files": {"downloadUrl": "/a b"}}),
                "files.downloadUrl",
            ),
            (json!({"files": {"size": 1_u64 << 41}}), "files.size"),
            (
                json!({"metadata": {"requirements": [""]}}),
                "metadata.requirements.0",
            ),
            (
                json!({"metadata": {"version": long(101)}}),
                "metadata.version",
            ),
            (json!({"stock": 1_000_001}), "stock"),
            (json!({"sku": long(101)}), "sku"),
        ] {
            let problem = new(members.clone()).expect_err(field);
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field)),
                "{members}"
            );
        }
    }

    #[test]
    fn values_are_tidied() {
        let offer = new(json!({"name": "  Watch ", "brand": " ", "tags": ["Blue", "blue", " new"], "images": ["/a.png"]})).unwrap();
        assert_eq!((offer.name.as_str(), offer.brand), ("Watch", None));
        assert_eq!(offer.tags, ["blue", "new"]);
        assert_eq!(offer.thumbnail.as_deref(), Some("/a.png"));
    }

    #[test]
    fn a_product_written_as_it_is_stays_as_it_is() {
        let files = json!({"downloadUrl": "/f.zip", "size": 5, "screenshots": ["/s.png"]});
        let offer = new(json!({"type": "agent", "price": 12.34, "originalPrice": 20, "files": files, "stock": 3, "sku": "A"})).unwrap();
        let product = Product::new(offer.clone(), "v".into(), Status::Active, 1);
        assert_eq!(NewProduct::of("p", &product).offer("EUR").unwrap(), offer);
    }
}
