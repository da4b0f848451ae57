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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_follows_rfc_7396() {
        // The RFC's own examples, as far as they are about objects.
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target;
            merge_patch(&mut merged, patch);
            assert_eq!(merged, expected);
        }
    }
}
