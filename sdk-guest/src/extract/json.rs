//! `Json<T>`: the body.

use serde::de::DeserializeOwned;

use super::{FromRequest, field_of};
use crate::{Problem, Request, Result};

/// The body as JSON; also an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    fn from_request(request: &Request) -> Result<Self> {
        parse(&request.body).map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    if body.is_empty() {
        return Err(Problem::new(400, "invalid-request", "The body is empty; JSON was expected."));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let message = error.inner().to_string();
        let problem = Problem::new(400, "invalid-request", message.clone());
        match field_of(&error.path().to_string(), &message) {
            field if field.is_empty() => problem,
            field => problem.with_field(field),
        }
    })?;
    json.end().map_err(|error| Problem::new(400, "invalid-request", error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Item {
        product_id: String,
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        items: Vec<Item>,
    }

    #[test]
    fn every_mistake_names_its_field() {
        for (body, field) in [
            (r#"{"items":[{"productId":"p","quantity":"two"}]}"#, "items.0.quantity"),
            (r#"{"items":[{"productId":"p","quantity":-1}]}"#, "items.0.quantity"),
            (r#"{"items":[{"productId":"p"}]}"#, "items.0.quantity"),
            (r#"{"items":[],"role":"admin"}"#, "role"),
            (r#"{}"#, "items"),
            (r#"{"items":{}}"#, "items"),
        ] {
            let problem = parse::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!((problem.status, problem.field.as_deref()), (400, Some(field)), "{body}: {problem}");
        }
    }

    #[test]
    fn rubbish_is_a_problem_without_a_field() {
        for body in ["", "{", "[1]x", "\u{feff}{}", "{\"items\":[]} trailing"] {
            assert_eq!(parse::<Order>(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn a_good_body_is_its_value() {
        let order: Order = parse(br#"{"items":[{"productId":"p","quantity":2}]}"#).unwrap();
        assert_eq!(order.items, [Item { product_id: "p".into(), quantity: 2 }]);
    }
}
