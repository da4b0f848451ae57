//! The fields of a struct.

use serde_json::{Map, Value, json};
use syn::{Field, Result};

use super::hints::Hints;
use super::serde::{Container, Member};
use super::{describe, set, types};

/// What has been gathered of a struct's fields.
#[derive(Default)]
pub struct Shape {
    properties: Map<String, Value>,
    required: Vec<Value>,
    flattened: Vec<Value>,
}

impl Shape {
    pub fn add(&mut self, field: &Field, container: &Container) -> Result<()> {
        let serde = Member::of(&field.attrs)?;
        if serde.skip {
            return Ok(());
        }
        let schema = schema(field, &serde)?;
        if serde.flatten {
            self.flattened.push(schema);
            return Ok(());
        }
        let ident = field
            .ident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let name = serde
            .rename
            .unwrap_or_else(|| container.rule.of_field(ident.trim_start_matches("r#")));
        if !serde.may_be_absent && !container.default && !types::is_named(&field.ty, "Option") {
            self.required.push(name.clone().into());
        }
        self.properties.insert(name, schema);
        Ok(())
    }

    pub fn into_schema(self, container: &Container) -> Value {
        let mut schema = json!({ "type": "object", "properties": self.properties });
        let mut more = Map::new();
        if !self.required.is_empty() {
            more.insert("required".into(), self.required.into());
        }
        if container.deny_unknown_fields {
            more.insert("additionalProperties".into(), false.into());
        }
        set(&mut schema, more);
        if self.flattened.is_empty() {
            return schema;
        }
        let mut all = self.flattened;
        all.push(schema);
        json!({ "allOf": all })
    }
}

/// The schema of a field: of its type, or of the one that it is to be described as, with what else is said of it.
pub fn schema(field: &Field, serde: &Member) -> Result<Value> {
    let hints = Hints::of(&field.attrs)?;
    let ty = hints.described_as.as_ref().unwrap_or(&field.ty);
    let mut schema = if serde.never_null {
        types::without_null(ty)
    } else {
        types::schema(ty)
    };
    describe(&mut schema, &field.attrs);
    set(&mut schema, hints.members);
    Ok(schema)
}
