//! The schema of a field's type, from its syntax: the macro sees names, not what they mean.

use serde_json::{Map, Value, json};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// Whether a type's last segment is this name.
pub fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

pub fn schema(ty: &Type) -> Value {
    match ty {
        Type::Reference(reference) => schema(&reference.elem),
        Type::Array(array) => json!({ "type": "array", "items": schema(&array.elem) }),
        Type::Slice(slice) => json!({ "type": "array", "items": schema(&slice.elem) }),
        Type::Path(path) => path.path.segments.last().map(named).unwrap_or_default(),
        _ => json!({}),
    }
}

/// The same of an `Option` that is left out instead of being null.
pub fn without_null(ty: &Type) -> Value {
    let Type::Path(path) = ty else {
        return schema(ty);
    };
    match path.path.segments.last() {
        Some(segment) if segment.ident == "Option" => arguments(segment)
            .first()
            .copied()
            .map(schema)
            .unwrap_or_default(),
        _ => schema(ty),
    }
}

fn named(segment: &PathSegment) -> Value {
    let name = segment.ident.to_string();
    match (name.as_str(), arguments(segment).as_slice()) {
        ("String" | "str" | "char", _) => json!({ "type": "string" }),
        ("bool", _) => json!({ "type": "boolean" }),
        ("u8" | "u16" | "u32" | "u64" | "usize", _) => json!({ "type": "integer", "minimum": 0 }),
        ("i8" | "i16" | "i32" | "i64" | "isize", _) => json!({ "type": "integer" }),
        ("f32" | "f64" | "Number", _) => json!({ "type": "number" }),
        ("Value", _) => json!({}),
        ("Map", _) => json!({ "type": "object" }),
        ("Option", [inner]) => nullable(schema(inner)),
        ("Box" | "Cow" | "Rc" | "Arc", [inner]) => schema(inner),
        ("Vec" | "VecDeque", [inner]) => json!({ "type": "array", "items": schema(inner) }),
        ("BTreeSet" | "HashSet", [inner]) => {
            json!({ "type": "array", "items": schema(inner), "uniqueItems": true })
        }
        ("BTreeMap" | "HashMap", [_, value]) => {
            json!({ "type": "object", "additionalProperties": schema(value) })
        }
        (name, _) => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

fn arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The same or null, which is how serde writes a `None` and one of the ways in which it reads one.
fn nullable(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(name) => {
            super::set(
                &mut schema,
                Map::from_iter([("type".into(), json!([name, "null"]))]),
            );
            schema
        }
        // What may be anything may be null.
        None if schema == json!({}) => schema,
        None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}
