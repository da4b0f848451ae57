//! `Json<T>`: the body.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::shape::is_object;
use super::{FromRequest, refused};
use crate::{Problem, Request, Result, merge_patch};

/// Levels of arrays and objects in a body. Reading one recurses, and a guest's stack is small: without a
/// bound, any client could make the plugin trap.
const DEPTH_MAX: usize = 64;

/// The body as JSON; also an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    fn from_request(request: &Request) -> Result<Self> {
        parse(&request.body).map(Self)
    }
}

impl<T: Serialize + DeserializeOwned> Json<T> {
    /// What becomes of a thing by a change of some of its members (RFC 7396): null removes one, others stay. It is
    /// read as a body is, so that a mistake is told as one of a body.
    ///
    /// # Errors
    /// 400 that names the member at fault; 500 for a thing that can't be JSON.
    pub fn patched(thing: &T, change: Map<String, Value>) -> Result<T> {
        let broken = |error: serde_json::Error| Problem::internal(error.to_string());
        let mut whole = serde_json::to_value(thing).map_err(broken)?;
        merge_patch(&mut whole, Value::Object(change));
        parse(whole.to_string().as_bytes())
    }

    /// The same for clients that send back what they have read: of the members named in `read_only`, those that are as they
    /// are `shown` change nothing.
    ///
    /// # Errors
    /// As [`Json::patched`]: a member that nobody writes and that is not as it is shown is one that the thing does not have.
    pub fn patched_as_read(
        thing: &T,
        shown: &impl Serialize,
        read_only: &[&str],
        mut change: Map<String, Value>,
    ) -> Result<T> {
        let shown = serde_json::to_value(shown);
        let shown = shown.map_err(|error| Problem::internal(error.to_string()))?;
        change.retain(|name, value| {
            let read = shown.get(name).unwrap_or(&Value::Null);
            !(read_only.contains(&name.as_str()) && says_the_same(value, read))
        });
        Self::patched(thing, change)
    }
}

/// Whether two values are the same to a client: JavaScript writes 4.0 as 4.
fn says_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| says_the_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(name, value)| {
                let other = other.get(name);
                other.is_some_and(|other| says_the_same(value, other))
            };
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    if body.is_empty() {
        return Err(Problem::new(
            400,
            "invalid-request",
            "The body is empty; JSON was expected.",
        ));
    }
    if is_too_deep(body) {
        let detail = format!("The body is nested deeper than {DEPTH_MAX} levels.");
        return Err(Problem::new(400, "invalid-request", detail));
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') && is_object::<T>() {
        let detail = "The body is a list; an object was expected.";
        return Err(Problem::new(400, "invalid-request", detail));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| refused(error.path(), error.inner().to_string()))?;
    json.end()
        .map_err(|error| Problem::new(400, "invalid-request", error.to_string()))?;
    Ok(value)
}

/// Whether more than [`DEPTH_MAX`] brackets are open somewhere. Of malformed JSON it may say anything.
fn is_too_deep(body: &[u8]) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
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
            (
                r#"{"items":[{"productId":"p","quantity":"two"}]}"#,
                "items.0.quantity",
            ),
            (
                r#"{"items":[{"productId":"p","quantity":-1}]}"#,
                "items.0.quantity",
            ),
            (r#"{"items":[{"productId":"p"}]}"#, "items.0.quantity"),
            (r#"{"items":[],"role":"admin"}"#, "role"),
            (r#"{}"#, "items"),
            (r#"{"items":{}}"#, "items"),
            (
                r#"{"items":[{"productId":"p","quantity":1,"price":0}]}"#,
                "items.0.price",
            ),
            (
                r#"{"items":[{"productId":"p","quantity":"missing field `x`"}]}"#,
                "items.0.quantity",
            ),
        ] {
            let problem = parse::<Order>(body.as_bytes()).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field)),
                "{body}: {problem}"
            );
        }
    }

    #[test]
    fn rubbish_is_a_problem_without_a_field() {
        for body in ["", "{", "[1]x", "\u{feff}{}", "{\"items\":[]} trailing"] {
            assert_eq!(
                parse::<Order>(body.as_bytes()).unwrap_err().status,
                400,
                "{body}"
            );
        }
    }

    #[test]
    fn a_list_is_no_object_and_a_list_of_numbers_is_a_list() {
        assert_eq!(parse::<Item>(br#" ["p", 2]"#).unwrap_err().status, 400);
        assert_eq!(parse::<Vec<u8>>(b"[1, 2]").unwrap(), [1, 2]);
        assert!(parse::<serde_json::Value>(b"[1]").unwrap().is_array());
    }

    #[test]
    fn a_good_body_is_its_value() {
        let order: Order = parse(br#"{"items":[{"productId":"p","quantity":2}]}"#).unwrap();
        assert_eq!(
            order.items,
            [Item {
                product_id: "p".into(),
                quantity: 2
            }]
        );
    }

    #[test]
    fn a_changed_thing_is_read_as_a_body_is() {
        let item = Item {
            product_id: "p".into(),
            quantity: 2,
        };
        let patched = |change: serde_json::Value| {
            let change = serde_json::from_value(change).unwrap();
            Json::patched(&item, change)
        };
        let more = patched(serde_json::json!({ "quantity": 3 })).unwrap();
        assert_eq!((more.product_id.as_str(), more.quantity), ("p", 3));
        for (change, field) in [
            (serde_json::json!({ "quantity": "two" }), "quantity"),
            (serde_json::json!({ "quantity": null }), "quantity"),
            (serde_json::json!({ "price": 0 }), "price"),
        ] {
            let problem = patched(change).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some(field))
            );
        }
    }

    #[test]
    fn what_nobody_writes_may_be_sent_back_as_it_was_read() {
        let item = Item {
            product_id: "p".into(),
            quantity: 2,
        };
        let shown = serde_json::json!({
            "productId": "p", "rating": 4.0, "sums": [{ "rating": 4.0 }], "createdAt": "today",
        });
        let names = ["createdAt", "rating", "reason", "sums"];
        let refused = |change: serde_json::Value| {
            let change = serde_json::from_value(change).unwrap();
            let patched = Json::patched_as_read(&item, &shown, &names, change);
            patched.err().and_then(|problem| problem.field)
        };
        for change in [
            shown.clone(),
            serde_json::json!({ "rating": 4, "sums": [{ "rating": 4 }] }),
            serde_json::json!({ "reason": null }),
        ] {
            assert_eq!(refused(change.clone()), None, "{change}");
        }
        for (change, field) in [
            (serde_json::json!({ "rating": 5 }), "rating"),
            (serde_json::json!({ "reason": "" }), "reason"),
            (serde_json::json!({ "sums": [] }), "sums"),
            (serde_json::json!({ "sums": [{ "stars": 4 }] }), "sums"),
            (serde_json::json!({ "sums": [{}] }), "sums"),
        ] {
            assert_eq!(refused(change.clone()).as_deref(), Some(field), "{change}");
        }
    }

    #[test]
    fn a_body_may_be_deep_but_not_bottomless() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse::<serde_json::Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        let problem = parse::<serde_json::Value>(nested(DEPTH_MAX + 1).as_bytes()).unwrap_err();
        assert!(problem.detail.contains("nested"), "{problem}");
        let brackets_in_text = format!(r#"["\"{}", [], {{}}]"#, "[{".repeat(DEPTH_MAX));
        assert!(parse::<serde_json::Value>(brackets_in_text.as_bytes()).is_ok());
        let wide = format!("[{}[]]", "[],".repeat(DEPTH_MAX * 2));
        assert!(parse::<serde_json::Value>(wide.as_bytes()).is_ok());
    }
}
