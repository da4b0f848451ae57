//! What serde's attributes do to a type's JSON.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Result};

use super::case::Rule;

/// Attributes of a struct or an enum.
#[derive(Default)]
pub struct Container {
    pub rule: Rule,
    pub default: bool,
    pub deny_unknown_fields: bool,
}

impl Container {
    pub fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        each(attrs, |meta, name| {
            match name {
                "rename_all" => found.rule = Rule::parse(&one_text(meta, name)?)?,
                "default" => found.default = true,
                "deny_unknown_fields" => found.deny_unknown_fields = true,
                "tag" | "content" | "untagged" | "from" | "try_from" | "into" => {
                    return Err(meta.error(format!(
                        "Schema does not know what serde's `{name}` makes of the type"
                    )));
                }
                _ => {}
            }
            skip_value(meta)
        })?;
        Ok(found)
    }
}

/// Attributes of a field or a variant.
#[derive(Default)]
pub struct Member {
    pub rename: Option<String>,
    pub may_be_absent: bool,
    /// Left out rather than written as null.
    pub never_null: bool,
    pub skip: bool,
    pub flatten: bool,
}

impl Member {
    pub fn of(attrs: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        each(attrs, |meta, name| {
            match name {
                "rename" => found.rename = Some(one_text(meta, name)?.value()),
                "default" => found.may_be_absent = true,
                "skip_serializing_if" => (found.may_be_absent, found.never_null) = (true, true),
                "skip" | "skip_deserializing" => found.skip = true,
                "flatten" => (found.flatten, found.never_null) = (true, true),
                _ => {}
            }
            skip_value(meta)
        })?;
        Ok(found)
    }
}

fn each(
    attrs: &[Attribute],
    mut act: impl FnMut(&ParseNestedMeta, &str) -> Result<()>,
) -> Result<()> {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        attr.parse_nested_meta(|meta| {
            let name = meta
                .path
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            act(&meta, &name)
        })?;
    }
    Ok(())
}

/// The text of `name = "text"`. Serde also takes two, for reading and for writing; a schema is one for both.
fn one_text(meta: &ParseNestedMeta, name: &str) -> Result<LitStr> {
    if meta.input.peek(syn::token::Paren) {
        return Err(meta.error(format!("Schema takes one `{name}` for reading and writing")));
    }
    meta.value()?.parse()
}

/// Passes over a value that does not matter here.
fn skip_value(meta: &ParseNestedMeta) -> Result<()> {
    if meta.input.peek(syn::token::Paren) {
        return meta.parse_nested_meta(|inner| skip_value(&inner));
    }
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    }
    Ok(())
}
