//! `#[derive(Schema)]`: from a type's syntax to its JSON Schema, in a custom section of the component.

mod case;
mod field;
mod hints;
mod serde;
#[cfg(test)]
mod tests;
mod types;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Result};

use self::field::Shape;
use self::serde::{Container, Member};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let schema = of(input)?;
    let line = format!(
        "{}\n",
        json!({ "name": input.ident.to_string(), "schema": schema })
    );
    let section = stoa_wit::SCHEMA_SECTION;
    let (bytes, length) = (Literal::byte_string(line.as_bytes()), line.len());
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

/// The schema of a type's JSON, as serde makes it.
fn of(input: &DeriveInput) -> Result<Value> {
    if !input.generics.params.is_empty() {
        let reason = "a schema has one name: derive it on a type without parameters";
        return Err(Error::new_spanned(&input.generics, reason));
    }
    let container = Container::of(&input.attrs)?;
    let mut schema = match &input.data {
        Data::Struct(data) => structure(data, &container)?,
        Data::Enum(data) => words(data, &container)?,
        Data::Union(_) => return Err(Error::new_spanned(input, "unions have no JSON form")),
    };
    describe(&mut schema, &input.attrs);
    Ok(schema)
}

fn structure(data: &DataStruct, container: &Container) -> Result<Value> {
    match &data.fields {
        Fields::Named(fields) => {
            let mut shape = Shape::default();
            for field in &fields.named {
                shape.add(field, container)?;
            }
            Ok(shape.into_schema(container))
        }
        // A newtype is what it holds.
        Fields::Unnamed(fields) => match fields.unnamed.first() {
            Some(inner) if fields.unnamed.len() == 1 => field::schema(inner, &Member::default()),
            _ => Err(Error::new_spanned(fields, "a schema needs named fields")),
        },
        Fields::Unit => Err(Error::new_spanned(
            &data.fields,
            "a schema needs named fields",
        )),
    }
}

/// An enum of plain words.
fn words(data: &DataEnum, container: &Container) -> Result<Value> {
    let mut words = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(
                variant,
                "only enums of plain words have a schema here",
            ));
        }
        let serde = Member::of(&variant.attrs)?;
        if !serde.skip {
            let plain = variant.ident.to_string();
            words.push(
                serde
                    .rename
                    .unwrap_or_else(|| container.rule.of_variant(&plain)),
            );
        }
    }
    Ok(json!({ "type": "string", "enum": words }))
}

/// Adds the doc comment.
fn describe(schema: &mut Value, attrs: &[Attribute]) {
    let lines: Vec<String> = attrs
        .iter()
        .filter(|attr| attr.path().is_ident("doc"))
        .filter_map(|attr| match &attr.meta.require_name_value().ok()?.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value().trim().to_string()),
            _ => None,
        })
        .collect();
    if !lines.is_empty() {
        set(
            schema,
            Map::from_iter([("description".into(), lines.join(" ").trim().into())]),
        );
    }
}

/// Adds members to a schema.
fn set(schema: &mut Value, members: Map<String, Value>) {
    if let Value::Object(schema) = schema {
        schema.extend(members);
    }
}
