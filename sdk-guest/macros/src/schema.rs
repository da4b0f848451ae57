//! `#[derive(Schema)]`: from a type's syntax to its JSON Schema, in a custom section of the component.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Fields, GenericArgument, PathArguments, Result, Type};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "a schema has one name: derive it on a type without parameters"));
    }
    let container = Serde::of(&input.attrs)?;
    let mut schema = match &input.data {
        Data::Struct(data) => object(data, &container)?,
        Data::Enum(data) => words(data, &container)?,
        Data::Union(_) => return Err(Error::new_spanned(input, "unions have no JSON form")),
    };
    describe(&mut schema, &input.attrs);
    let line = format!("{}\n", json!({ "name": input.ident.to_string(), "schema": schema }));
    let section = stoa_wit::SCHEMA_SECTION;
    let (bytes, length) = (proc_macro2::Literal::byte_string(line.as_bytes()), line.len());
    Ok(quote! {
        #[cfg(target_arch = "wasm32")]
        #[expect(unsafe_code, reason = "naming a section is")]
        const _: () = {
            #[unsafe(link_section = #section)]
            #[used]
            static SCHEMA: [u8; #length] = *#bytes;
        };
    })
}

/// What serde does to names and fields.
#[derive(Default)]
struct Serde {
    rename_all: Option<String>,
    rename: Option<String>,
    default: bool,
    skip: bool,
    flatten: bool,
    deny_unknown_fields: bool,
}

impl Serde {
    fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut serde = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            attr.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<syn::LitStr>()?.value()),
                    Err(_) if meta.input.peek(syn::token::Paren) => {
                        return meta.parse_nested_meta(|inner| {
                            if let Ok(value) = inner.value() {
                                value.parse::<syn::LitStr>()?;
                            }
                            Ok(())
                        });
                    }
                    Err(_) => None,
                };
                match name.as_str() {
                    "rename_all" => serde.rename_all = value,
                    "rename" => serde.rename = value,
                    "default" => serde.default = true,
                    "skip" | "skip_deserializing" => serde.skip = true,
                    "flatten" => serde.flatten = true,
                    "deny_unknown_fields" => serde.deny_unknown_fields = true,
                    _ => {}
                }
                Ok(())
            })?;
        }
        Ok(serde)
    }
}

fn object(data: &DataStruct, container: &Serde) -> Result<Value> {
    let Fields::Named(fields) = &data.fields else {
        return match &data.fields {
            Fields::Unnamed(inner) if inner.unnamed.len() == 1 => {
                Ok(inner.unnamed.first().map(|field| of_type(&field.ty)).unwrap_or_default())
            }
            _ => Err(Error::new_spanned(&data.fields, "a schema needs named fields")),
        };
    };
    let (mut properties, mut required, mut flattened) = (Map::new(), Vec::new(), Vec::new());
    for field in &fields.named {
        let serde = Serde::of(&field.attrs)?;
        let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        if serde.skip {
            continue;
        }
        let ty = described_by(&field.attrs)?.unwrap_or_else(|| field.ty.clone());
        let mut schema = of_type(&ty);
        if serde.flatten {
            flattened.push(schema);
            continue;
        }
        describe(&mut schema, &field.attrs);
        let name = serde.rename.unwrap_or_else(|| renamed(ident.trim_start_matches("r#"), container.rename_all.as_deref()));
        if !serde.default && !container.default && !is_named(&ty, "Option") {
            required.push(Value::from(name.clone()));
        }
        properties.insert(name, schema);
    }
    let mut schema = Map::from_iter([("type".into(), Value::from("object")), ("properties".into(), properties.into())]);
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if container.deny_unknown_fields {
        schema.insert("additionalProperties".into(), false.into());
    }
    if flattened.is_empty() {
        return Ok(schema.into());
    }
    flattened.push(schema.into());
    Ok(json!({ "allOf": flattened }))
}

/// An enum of plain words.
fn words(data: &DataEnum, container: &Serde) -> Result<Value> {
    let mut words = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "only enums of plain words have a schema here"));
        }
        let serde = Serde::of(&variant.attrs)?;
        let plain = snake(&variant.ident.to_string());
        let word = match container.rename_all.as_deref() {
            None => variant.ident.to_string(),
            rule => renamed(&plain, rule),
        };
        words.push(serde.rename.unwrap_or(word));
    }
    Ok(json!({ "type": "string", "enum": words }))
}

/// `#[schema(as = "Type")]`.
fn described_by(attrs: &[Attribute]) -> Result<Option<Type>> {
    let mut found = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("schema")) {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("as") {
                return Err(meta.error("only `as = \"Type\"` is known"));
            }
            found = Some(meta.value()?.parse::<syn::LitStr>()?.parse()?);
            Ok(())
        })?;
    }
    Ok(found)
}

fn describe(schema: &mut Value, attrs: &[Attribute]) {
    let lines: Vec<String> = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .filter_map(|attr| match &attr.meta.require_name_value().ok()?.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().trim().to_string()),
            _ => None,
        })
        .collect();
    if let (Value::Object(schema), false) = (schema, lines.is_empty()) {
        schema.insert("description".into(), lines.join(" ").into());
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == name))
}

fn of_type(ty: &Type) -> Value {
    let Type::Path(path) = ty else { return json!({}) };
    let Some(segment) = path.path.segments.last() else { return json!({}) };
    let inner: Vec<&Type> = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    match (segment.ident.to_string().as_str(), inner.as_slice()) {
        ("String" | "str" | "char", _) => json!({ "type": "string" }),
        ("bool", _) => json!({ "type": "boolean" }),
        ("u8" | "u16" | "u32" | "u64" | "usize", _) => json!({ "type": "integer", "minimum": 0 }),
        ("i8" | "i16" | "i32" | "i64" | "isize", _) => json!({ "type": "integer" }),
        ("f32" | "f64" | "Number", _) => json!({ "type": "number" }),
        ("Value", _) => json!({}),
        ("Map", _) => json!({ "type": "object" }),
        ("Option" | "Box", [inner]) => of_type(inner),
        ("Vec" | "BTreeSet" | "HashSet", [inner]) => json!({ "type": "array", "items": of_type(inner) }),
        ("BTreeMap" | "HashMap", [_, value]) => json!({ "type": "object", "additionalProperties": of_type(value) }),
        (name, _) => json!({ "$ref": format!("#/components/schemas/{name}") }),
    }
}

/// A snake_case name under one of serde's rules.
fn renamed(name: &str, rule: Option<&str>) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    let pascal = || name.split('_').map(capital).collect::<String>();
    match rule {
        Some("camelCase") => {
            let pascal = pascal();
            let mut letters = pascal.chars();
            letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
        }
        Some("PascalCase") => pascal(),
        Some("SCREAMING_SNAKE_CASE") => name.to_uppercase(),
        Some("UPPERCASE") => name.replace('_', "").to_uppercase(),
        Some("lowercase") => name.replace('_', ""),
        Some("kebab-case") => name.replace('_', "-"),
        _ => name.to_string(),
    }
}

/// `PriceAsc` as `price_asc`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (position, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && position > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn schema(source: &str) -> Value {
        let input: DeriveInput = syn::parse_str(source).unwrap();
        let container = Serde::of(&input.attrs).unwrap();
        let mut schema = match &input.data {
            Data::Struct(data) => object(data, &container).unwrap(),
            Data::Enum(data) => words(data, &container).unwrap(),
            Data::Union(_) => Value::Null,
        };
        describe(&mut schema, &input.attrs);
        schema
    }

    #[test]
    fn a_struct_describes_its_json() {
        let found = schema(
            "/// An item.\n#[serde(rename_all = \"camelCase\", deny_unknown_fields)] struct Item {
                /// Which.
                product_id: String, count: u32, #[serde(default)] tags: Vec<String>, note: Option<Note>, #[serde(skip)] x: u8 }",
        );
        assert_eq!(
            found,
            json!({
                "type": "object", "description": "An item.", "additionalProperties": false,
                "required": ["productId", "count"],
                "properties": {
                    "productId": { "type": "string", "description": "Which." },
                    "count": { "type": "integer", "minimum": 0 },
                    "tags": { "type": "array", "items": { "type": "string" } },
                    "note": { "$ref": "#/components/schemas/Note" },
                }
            })
        );
    }

    #[test]
    fn an_enum_of_words_lists_them() {
        let found = schema("#[serde(rename_all = \"snake_case\")] enum Sort { PriceAsc, #[serde(rename = \"new\")] Newest }");
        assert_eq!(found, json!({ "type": "string", "enum": ["price_asc", "new"] }));
    }
}
