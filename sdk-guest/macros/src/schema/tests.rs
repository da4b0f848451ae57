//! What the derive makes of types.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use serde_json::{Value, json};
use syn::DeriveInput;

fn schema(source: &str) -> Value {
    super::of(&syn::parse_str::<DeriveInput>(source).unwrap()).unwrap()
}

fn refusal(source: &str) -> String {
    super::of(&syn::parse_str::<DeriveInput>(source).unwrap())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_struct_describes_its_json() {
    let found = schema(
        "/// An item.\n#[serde(rename_all = \"camelCase\", deny_unknown_fields)] struct Item {
            /// Which.
            product_id: String, count: u32, #[serde(default)] tags: Vec<String>, #[serde(skip)] x: u8,
            #[serde(rename = \"type\", with = \"other\")] kind: Kind }",
    );
    assert_eq!(
        found,
        json!({
            "type": "object", "description": "An item.", "additionalProperties": false,
            "required": ["productId", "count", "type"],
            "properties": {
                "productId": { "type": "string", "description": "Which." },
                "count": { "type": "integer", "minimum": 0 },
                "tags": { "type": "array", "items": { "type": "string" } },
                "type": { "$ref": "#/components/schemas/Kind" },
            }
        })
    );
}

#[test]
fn an_option_may_be_null_unless_it_is_left_out() {
    let found = schema(
        "struct Item { a: Option<String>, b: Option<Note>, c: Option<Value>,
            #[serde(skip_serializing_if = \"Option::is_none\")] d: Option<i8>, e: Vec<Option<bool>> }",
    );
    assert_eq!(
        found,
        json!({
            "type": "object", "required": ["e"],
            "properties": {
                "a": { "type": ["string", "null"] },
                "b": { "anyOf": [{ "$ref": "#/components/schemas/Note" }, { "type": "null" }] },
                "c": {},
                "d": { "type": "integer" },
                "e": { "type": "array", "items": { "type": ["boolean", "null"] } },
            }
        })
    );
}

#[test]
fn every_known_type_has_its_schema() {
    for (ty, expected) in [
        ("&'a str", json!({ "type": "string" })),
        ("std::borrow::Cow<'a, str>", json!({ "type": "string" })),
        ("f64", json!({ "type": "number" })),
        ("serde_json::Number", json!({ "type": "number" })),
        ("Box<i64>", json!({ "type": "integer" })),
        (
            "[u8; 4]",
            json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } }),
        ),
        (
            "BTreeSet<String>",
            json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        ),
        (
            "BTreeMap<String, bool>",
            json!({ "type": "object", "additionalProperties": { "type": "boolean" } }),
        ),
        (
            "serde_json::Map<String, Value>",
            json!({ "type": "object" }),
        ),
        (
            "crate::view::Note",
            json!({ "$ref": "#/components/schemas/Note" }),
        ),
    ] {
        let found = schema(&format!("struct Item {{ field: {ty} }}"));
        assert_eq!(found.pointer("/properties/field"), Some(&expected), "{ty}");
    }
}

#[test]
fn an_enum_of_words_lists_them() {
    let found = schema(
        "#[serde(rename_all = \"snake_case\")] enum Sort { PriceAsc, #[serde(rename = \"new\")] Newest }",
    );
    assert_eq!(
        found,
        json!({ "type": "string", "enum": ["price_asc", "new"] })
    );
}

/// Expected is what serde itself makes of `two_words` and `TwoWords`.
#[test]
fn names_follow_serdes_rules() {
    for (rule, field, variant) in [
        ("lowercase", "two_words", "twowords"),
        ("UPPERCASE", "TWO_WORDS", "TWOWORDS"),
        ("PascalCase", "TwoWords", "TwoWords"),
        ("camelCase", "twoWords", "twoWords"),
        ("snake_case", "two_words", "two_words"),
        ("SCREAMING_SNAKE_CASE", "TWO_WORDS", "TWO_WORDS"),
        ("kebab-case", "two-words", "two-words"),
        ("SCREAMING-KEBAB-CASE", "TWO-WORDS", "TWO-WORDS"),
    ] {
        let of_struct = schema(&format!(
            "#[serde(rename_all = \"{rule}\")] struct S {{ two_words: u8 }}"
        ));
        assert_eq!(of_struct.get("required"), Some(&json!([field])), "{rule}");
        let of_enum = schema(&format!(
            "#[serde(rename_all = \"{rule}\")] enum E {{ TwoWords }}"
        ));
        assert_eq!(of_enum.get("enum"), Some(&json!([variant])), "{rule}");
    }
}

#[test]
fn flattened_fields_and_newtypes_are_what_they_hold() {
    let found = schema("struct Whole { #[serde(flatten)] part: Option<Part>, own: bool }");
    let own = json!({ "type": "object", "required": ["own"], "properties": { "own": { "type": "boolean" } } });
    assert_eq!(
        found,
        json!({ "allOf": [{ "$ref": "#/components/schemas/Part" }, own] })
    );
    let list = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Part" } });
    assert_eq!(schema("struct Parts(Vec<Part>);"), list);
}

#[test]
fn hints_say_what_the_type_does_not() {
    let found = schema(
        "struct S { #[schema(min = 1, max = 999, example = 2)] a: u32, #[schema(as = \"String\", max_length = 80)] b: Odd,
            #[schema(min = -1.5)] c: f64 }",
    );
    let properties = json!({
        "a": { "type": "integer", "minimum": 1, "maximum": 999, "example": 2 },
        "b": { "type": "string", "maxLength": 80 },
        "c": { "type": "number", "minimum": -1.5 },
    });
    assert_eq!(found.get("properties"), Some(&properties));
}

#[test]
fn what_has_no_schema_is_refused_with_a_reason() {
    for (source, reason) in [
        ("struct S<T> { a: T }", "without parameters"),
        ("struct S(u8, u8);", "named fields"),
        ("struct S;", "named fields"),
        ("enum E { A(u8) }", "plain words"),
        ("#[serde(tag = \"kind\")] enum E { A }", "tag"),
        (
            "#[serde(rename_all = \"Title Case\")] struct S { a: u8 }",
            "no such rule",
        ),
        (
            "struct S { #[serde(rename(serialize = \"b\"))] a: u8 }",
            "one `rename`",
        ),
        ("struct S { #[schema(colour = 1)] a: u8 }", "known are"),
    ] {
        let found = refusal(source);
        assert!(found.contains(reason), "{source}: {found}");
    }
}
