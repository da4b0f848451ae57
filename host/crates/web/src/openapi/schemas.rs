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
        let clashes = package.schemas.iter().filter(|(name, schema)| {
            self.0
                .get(name.as_str())
                .is_some_and(|known| known != *schema)
        });
        let renamed =
            clashes.map(|(name, _)| (name.clone(), format!("{}.{name}", package.manifest.name)));
        let local = Local(renamed.collect());
        for (name, schema) in &package.schemas {
            self.0
                .insert(local.name(name).to_owned(), local.rewritten(schema));
        }
        local
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
