//! JSON Schema (2020-12) as settings have it: which keywords there are, how large a schema may be, and, for hosts and
//! tools (the feature `schemas`), whether a value follows one.
//!
//! There are no references: every schema is whole in itself, so that nothing is fetched, nothing goes in a circle, and
//! judging a value takes no more steps than the schema has parts times the value.

#[cfg(feature = "schemas")]
mod judge;

use std::collections::BTreeMap;

use serde_json::Value;

#[cfg(feature = "schemas")]
pub use judge::{Misfit, Schema};

/// Bytes of one setting's schema as JSON: some pages of text.
pub const SCHEMA_BYTES_MAX: usize = 16 << 10;

/// Schemas within one schema: what a value of [`VALUE_BYTES_MAX`] is judged by within milliseconds.
pub const SCHEMA_PARTS_MAX: usize = 256;

/// Levels of schemas within schemas: judging follows them on the host's stack.
pub const SCHEMA_DEPTH_MAX: usize = 16;

/// Bytes of a regular expression's text.
pub const PATTERN_BYTES_MAX: usize = 256;

/// Bytes of one value as JSON: it crosses into a guest as a whole.
pub const VALUE_BYTES_MAX: usize = 64 << 10;

/// Keywords whose value is a schema.
const ONE: &[&str] = &[
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
];
/// Keywords whose value is a list of schemas.
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords whose value has a schema for each name.
const NAMED: &[&str] = &["dependentSchemas", "patternProperties", "properties"];
/// Keywords whose value is no schema.
const PLAIN: &[&str] = &[
    "const",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "title",
    "type",
    "uniqueItems",
];
/// What a schema within a schema may say besides; of a setting it is [`crate::Setting::default`].
const DEFAULT: &str = "default";
/// Formats that are judged. Others would be words without an effect.
const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uuid",
];

/// Checks a schema: its size, its keywords, and, with the feature `schemas`, that it is one.
///
/// # Errors
/// Where and why not: `.items: unknown keyword "minumum"`.
pub fn check(schema: &BTreeMap<String, Value>) -> Result<(), String> {
    let mut parts = 0;
    members(schema.iter(), "", 0, &mut parts, false)?;
    let whole: serde_json::Map<_, _> = schema.clone().into_iter().collect();
    let whole = Value::Object(whole);
    if whole.to_string().len() > SCHEMA_BYTES_MAX {
        return Err(format!(
            ": a schema has at most {SCHEMA_BYTES_MAX} bytes as JSON"
        ));
    }
    #[cfg(feature = "schemas")]
    Schema::new(schema)?;
    Ok(())
}

/// Whether a default follows its schema; without the feature `schemas`, whether it is of its type.
///
/// # Errors
/// Why not.
pub(crate) fn check_default(schema: &BTreeMap<String, Value>, value: &Value) -> Result<(), String> {
    #[cfg(feature = "schemas")]
    Schema::new(schema)?
        .judge(value)
        .map_err(|misfit| format!("does not fit: {misfit}"))?;
    let named = schema
        .get("type")
        .into_iter()
        .flat_map(|named| match named {
            Value::Array(several) => several.iter().collect(),
            one => vec![one],
        });
    let mut named = named.filter_map(Value::as_str).peekable();
    if named.peek().is_none() || named.any(|name| is_of(value, name)) {
        return Ok(());
    }
    Err("is of another type".into())
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn part(schema: &Value, place: &str, depth: usize, parts: &mut usize) -> Result<(), String> {
    match schema {
        Value::Bool(_) => Ok(()),
        Value::Object(object) => members(object.iter(), place, depth, parts, true),
        _ => Err(format!(": {place} is no schema")),
    }
}

/// The keywords of one schema and the schemas in them.
fn members<'a>(
    schema: impl Iterator<Item = (&'a String, &'a Value)>,
    place: &str,
    depth: usize,
    parts: &mut usize,
    is_within: bool,
) -> Result<(), String> {
    *parts += 1;
    if *parts > SCHEMA_PARTS_MAX {
        return Err(format!(": more than {SCHEMA_PARTS_MAX} schemas in one"));
    }
    if depth > SCHEMA_DEPTH_MAX {
        return Err(format!(": more than {SCHEMA_DEPTH_MAX} levels of schemas"));
    }
    for (keyword, value) in schema {
        let here = format!("{place}.{keyword}");
        let keyword = keyword.as_str();
        if ONE.contains(&keyword) {
            part(value, &here, depth + 1, parts)?;
        } else if LISTS.contains(&keyword) {
            for (index, each) in value.as_array().into_iter().flatten().enumerate() {
                part(each, &format!("{here}.{index}"), depth + 1, parts)?;
            }
        } else if NAMED.contains(&keyword) {
            for (name, each) in value.as_object().into_iter().flatten() {
                if keyword == "patternProperties" {
                    pattern(name, &here)?;
                }
                part(each, &format!("{here}.{name}"), depth + 1, parts)?;
            }
        } else if !(PLAIN.contains(&keyword) || is_within && keyword == DEFAULT) {
            return Err(format!("{place}: unknown keyword {keyword:?}"));
        }
        match (keyword, value.as_str()) {
            ("pattern", Some(text)) => pattern(text, &here)?,
            ("format", Some(name)) if !FORMATS.contains(&name) => {
                return Err(format!("{here}: unknown format {name:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn pattern(text: &str, place: &str) -> Result<(), String> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(format!(
            "{place}: a pattern has at most {PATTERN_BYTES_MAX} bytes"
        ));
    }
    #[cfg(feature = "schemas")]
    judge::pattern(text).map_err(|reason| format!("{place}: {reason}"))?;
    Ok(())
}

#[cfg(all(test, feature = "schemas"))]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(text: &str) -> BTreeMap<String, Value> {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_value_is_judged_by_every_keyword_and_the_part_at_fault_is_named() {
        let places = schema(
            r#"
            type = "array"
            maxItems = 2
            [items]
            type = "object"
            required = ["city"]
            additionalProperties = false
            [items.properties.city]
            type = "string"
            minLength = 2
            pattern = "^[A-Z]"
            [items.properties.rate]
            type = "number"
            minimum = 0
            maximum = 0.5
            [items.properties.mail]
            type = "string"
            format = "email"
            [items.properties.kind]
            enum = ["shop", "store"]
            "#,
        );
        check(&places).unwrap();
        let judged = Schema::new(&places).unwrap();
        let fits = json!([{ "city": "Rome", "rate": 0.2, "mail": "a@b.example", "kind": "shop" }]);
        judged.judge(&fits).unwrap();
        for (value, pointer, reason) in [
            (json!("Rome"), "", "no array"),
            (json!([{ "city": "Rome" }, { "rate": 0.2 }]), "/1", "'city'"),
            (json!([{ "city": "rome" }]), "/0/city", "match ^[A-Z]"),
            (json!([{ "city": "R" }]), "/0/city", "length"),
            (
                json!([{ "city": "Rome", "rate": 2 }]),
                "/0/rate",
                "more than 0.5",
            ),
            (
                json!([{ "city": "Rome", "mail": "b" }]),
                "/0/mail",
                "no email",
            ),
            (
                json!([{ "city": "Rome", "kind": "x" }]),
                "/0/kind",
                "\"store\"",
            ),
            (json!([{ "city": "Rome", "x~/y": 1 }]), "/0", "x~/y"),
            (json!([{}, {}, {}]), "", "2 items"),
        ] {
            let misfit = judged.judge(&value).unwrap_err();
            assert_eq!(misfit.pointer, pointer, "{value}: {misfit}");
            assert!(misfit.reason.contains(reason), "{value}: {misfit}");
        }
        let long = json!("x".repeat(VALUE_BYTES_MAX));
        assert!(judged.judge(&long).unwrap_err().reason.contains("bytes"));
    }

    #[test]
    fn what_tells_why_does_not_tell_the_value() {
        let judged = Schema::new(&schema(
            "format = \"uuid\"\npattern = \"^k\"\nmaxLength = 3",
        ))
        .unwrap();
        let misfit = judged.judge(&json!("hunter2")).unwrap_err();
        assert!(!misfit.to_string().contains("hunter2"), "{misfit}");
        let judged = Schema::new(&schema("maximum = 3")).unwrap();
        let misfit = judged.judge(&json!(4711)).unwrap_err();
        assert!(!misfit.to_string().contains("4711"), "{misfit}");
    }

    #[test]
    fn what_is_no_schema_or_too_much_of_one_is_refused_by_its_place() {
        let deep = "not = {".repeat(SCHEMA_DEPTH_MAX + 1) + &"}".repeat(SCHEMA_DEPTH_MAX + 1);
        let deep = deep.replace("{not", "{ not");
        let wide: Vec<String> = (0..SCHEMA_PARTS_MAX).map(|_| "{}".into()).collect();
        let wide = format!("anyOf = [{}]", wide.join(", "));
        let long = format!("description = \"{}\"", "x".repeat(SCHEMA_BYTES_MAX));
        let pattern = format!("pattern = \"{}\"", "x".repeat(PATTERN_BYTES_MAX + 1));
        for (text, named) in [
            ("type = \"text\"", "type"),
            ("type = \"string\"\nminimum = \"one\"", ".minimum"),
            (
                "[items]\nmaxLenght = 3",
                ".items: unknown keyword \"maxLenght\"",
            ),
            ("items = 3", ".items is no schema"),
            ("\"$ref\" = \"https://elsewhere.example/schema\"", "$ref"),
            ("[properties.a]\n\"$ref\" = \"#\"", "$ref"),
            ("format = \"emial\"", "emial"),
            ("pattern = \"(\"", ".pattern"),
            ("pattern = \"(?:(?:a{999}){999}){999}\"", "memory"),
            ("pattern = \"(a)\\\\1\"", ".pattern"),
            ("[patternProperties.\"(\"]", ".patternProperties"),
            (deep.as_str(), "levels"),
            (wide.as_str(), "256"),
            (long.as_str(), "bytes"),
            (pattern.as_str(), "256 bytes"),
        ] {
            let reason = check(&schema(text)).unwrap_err();
            assert!(reason.contains(named), "{text}: {reason}");
        }
    }

    #[test]
    fn no_pattern_takes_more_than_linear_time() {
        // What sends backtracking engines into the night.
        let judged = Schema::new(&schema("pattern = \"^(a+)+$\"")).unwrap();
        let text = "a".repeat(VALUE_BYTES_MAX - 10) + "b";
        judged.judge(&json!(text)).unwrap_err();
    }

    #[test]
    fn a_default_follows_its_schema_and_alternatives_are_one_fault() {
        let either = schema("anyOf = [{ type = \"string\" }, { type = \"integer\", minimum = 3 }]");
        check_default(&either, &json!(3)).unwrap();
        let reason = check_default(&either, &json!(2)).unwrap_err();
        assert!(reason.contains("none of the alternatives"), "{reason}");
        assert!(check_default(&schema("type = [\"string\", \"null\"]"), &json!(1)).is_err());
    }
}
