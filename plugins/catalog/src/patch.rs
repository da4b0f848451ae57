//! Changes of single members of a product: a merge patch (RFC 7396), then checked as a whole.

use serde::Deserialize;
use serde_json::{Map, Value};
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::view::ProductView;
use crate::write::NewProduct;

/// Members that nobody writes. Clients that change what they have read send them back.
const READ_ONLY: &[&str] = &[
    "analytics",
    "createdAt",
    "downloadCount",
    "rating",
    "rejectionReason",
    "reviewCount",
    "updatedAt",
    "vendor",
    "viewCount",
];

/// Members of a product to change, named as in `NewProduct`; null removes one. What can only be read may come along as
/// it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct ProductPatch(Map<String, Value>);

/// The product as it would be written whole after a merge patch (RFC 7396) of what it is now, which is `shown` so.
pub fn patched(present: &NewProduct, shown: &ProductView, request: &Request) -> Result<NewProduct> {
    let Json(ProductPatch(mut patch)) = Json::from_request(request)?;
    bring_up(patch.get_mut("viewCount"), shown.view_count);
    let figures = patch.get_mut("analytics");
    bring_up(
        figures.and_then(|figures| figures.get_mut("views")),
        shown.view_count,
    );
    Json::patched_as_read(present, shown, READ_ONLY, patch)
}

/// Views come in while somebody changes what they have read: fewer than there are by now are those that they read.
fn bring_up(views: Option<&mut Value>, now: u64) {
    if let Some(views) = views
        && views.as_u64().is_some_and(|read| read < now)
    {
        *views = now.into();
    }
}
