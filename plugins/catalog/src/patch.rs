//! Changes of single members of a product: a merge patch (RFC 7396), then checked as a whole.

use serde::Deserialize;
use serde_json::{Map, Value};
use stoa_guest::FromRequest;
use stoa_guest::prelude::*;

use crate::write::NewProduct;

/// Members of a product to change, named as in `NewProduct`; null removes one.
#[derive(Debug, Deserialize, Schema)]
pub struct ProductPatch(Map<String, Value>);

/// The product as it would be written whole after a merge patch (RFC 7396) of what it is now.
pub fn patched(present: &NewProduct, request: &Request) -> Result<NewProduct> {
    let Json(ProductPatch(patch)) = Json::from_request(request)?;
    Json::patched(present, patch)
}
