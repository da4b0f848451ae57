//! Changes of single members of a product: a merge patch (RFC 7396), then checked as a whole.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stoa_guest::prelude::*;
use stoa_guest::{FromRequest, merge_patch};

use crate::write::NewProduct;

/// Members of a product to change, named as in `NewProduct`; null removes one.
#[derive(Debug, Deserialize, Schema)]
pub struct ProductPatch(Map<String, Value>);

/// The product as it would be written whole after a merge patch (RFC 7396) of what it is now.
pub fn patched(present: &NewProduct, request: Request) -> Result<NewProduct> {
    let Json(ProductPatch(patch)) = Json::from_request(&request)?;
    let mut whole = json!(present);
    merge_patch(&mut whole, Value::Object(patch));
    let body = whole.to_string().into_bytes();
    Json::from_request(&Request { body, ..request }).map(|Json(new)| new)
}
