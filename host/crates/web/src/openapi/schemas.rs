//! The schemas of all plugins under one roof. Where two plugins mean different things by one name, the
//! second one's carries its plugin's name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stoa_kernel::wit::Package;

const REFERENCE: &str = "#/components/schemas/";

/// `components.schemas` in the making.
pub(super) struct Schemas(Map<String, Value>);

/// How one plugin's names appear in the document.
pub(super) struct Local(BTreeMap<String, String>);

impl Schemas {
    /// With the host's own schema of problems.
    pub(super) fn new(problem: Value) -> Self {
        Self(Map::from_iter([("Problem".to_owned(), problem)]))
    }

    /// Adds a package's schemas and answers under which names.
    pub(super) fn merge(&mut self, package: &Package) -> Local {
        let local = self.local(package);
        for (name, schema) in &package.schemas {
            self.0
                .insert(local.name(name).to_owned(), local.rewritten(schema));
        }
        local
    }

    /// What of a package has to be renamed. What refers to something renamed is something else, too, than what has its
    /// name already.
    fn local(&self, package: &Package) -> Local {
        let plugin = &package.manifest.name;
        let mut local = Local(BTreeMap::new());
        loop {
            let known = package.schemas.iter().filter_map(|(name, schema)| {
                let known = self.0.get(name).filter(|_| !local.0.contains_key(name))?;
                Some((name, schema, known))
            });
            let clashes = known.filter(|(_, schema, known)| local.rewritten(schema) != **known);
            let renamed = clashes.map(|(name, ..)| (name.clone(), format!("{plugin}.{name}")));
            let renamed: Vec<(String, String)> = renamed.collect();
            if renamed.is_empty() {
                return local;
            }
            local.0.extend(renamed);
        }
    }

    /// The finished component.
    pub(super) fn into_value(self) -> Value {
        self.0.into()
    }
}

impl Local {
    /// A reference to one of the plugin's schemas.
    pub(super) fn reference(&self, name: &str) -> Value {
        json!({ "$ref": format!("{REFERENCE}{}", self.name(name)) })
    }

    /// A schema whose references lead to the plugin's own schemas.
    pub(super) fn rewritten(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), self.member(key, value)))
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.rewritten(item)).collect(),
            other => other.clone(),
        }
    }

    fn member(&self, key: &str, value: &Value) -> Value {
        match value.as_str().and_then(|text| text.strip_prefix(REFERENCE)) {
            Some(name) if key == "$ref" => format!("{REFERENCE}{}", self.name(name)).into(),
            _ => self.rewritten(value),
        }
    }

    fn name<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use stoa_kernel::wit::Manifest;

    use super::*;

    fn package(name: &str, schemas: Value) -> Package {
        let manifest = format!("name = \"{name}\"\nversion = \"0.1.0\"\nsummary = \"A plugin.\"");
        Package {
            manifest: Manifest::from_toml(&manifest).unwrap(),
            schemas: serde_json::from_value(schemas).unwrap(),
        }
    }

    fn of(name: &str) -> Value {
        json!({ "properties": { "of": { "$ref": format!("{REFERENCE}{name}") } } })
    }

    #[test]
    fn what_refers_to_something_else_is_something_else() {
        let mut schemas = Schemas::new(json!({}));
        let shared = json!({ "Order": of("Line"), "Line": of("Price"), "Price": { "type": "integer" }, "Tag": of("Tag") });
        let _ = schemas.merge(&package("shop", shared.clone()));
        let mut other = shared;
        other["Price"] = json!({ "type": "number" });
        let local = schemas.merge(&package("fair", other));
        assert_eq!(
            local.reference("Order")["$ref"],
            format!("{REFERENCE}fair.Order")
        );
        assert_eq!(local.reference("Tag")["$ref"], format!("{REFERENCE}Tag"));
        let all = schemas.into_value();
        assert_eq!(all["Order"], of("Line"));
        assert_eq!(all["fair.Order"], of("fair.Line"));
        assert_eq!(all["fair.Line"], of("fair.Price"));
        assert_eq!(all["fair.Price"]["type"], "number");
        assert_eq!(all["Price"]["type"], "integer");
        assert!(all.get("fair.Tag").is_none(), "{all}");
    }
}
