//! What a plugin leaves to its operator, and to the tenants that it serves.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ManifestError, invalid, is_name};
use crate::schema;

/// Settings of one plugin: a page of a form, and far less than a request may take to be judged by.
pub const SETTINGS_MAX: usize = 64;

/// Something that may be set: a value, and the JSON Schema (2020-12) that it follows.
///
/// The keys beside these are the schema's own, such as `type`, `minimum` or `items`; which of them there are is in
/// [`crate::schema`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The value when nobody gives one. It follows the schema, too.
    #[serde(default)]
    pub default: Option<Value>,
    /// One sentence for whoever sets it.
    #[serde(default)]
    pub summary: String,
    /// Who may set it.
    #[serde(default)]
    pub scope: SettingScope,
    /// Which values it takes.
    #[serde(flatten)]
    pub schema: BTreeMap<String, Value>,
}

/// Who may give a value, of a setting or of a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingScope {
    /// The operators of the platform.
    #[default]
    Operator,
    /// The admins of an organisation as well, for that organisation alone.
    Tenant,
}

/// Checks the settings of a manifest, and which of them have to be there.
pub(super) fn check(
    settings: &BTreeMap<String, Setting>,
    required: &BTreeSet<String>,
) -> Result<(), ManifestError> {
    if settings.len() > SETTINGS_MAX {
        return invalid(format!("settings: there are more than {SETTINGS_MAX}"));
    }
    for (name, setting) in settings {
        let shown = format!("settings.{name}");
        if !is_name(name, 64, b"_") {
            return invalid(format!("{shown}: not 1 to 64 of a-z, 0-9 and _"));
        }
        if let Err(reason) = schema::check(&setting.schema) {
            return invalid(format!("{shown}{reason}"));
        }
        if let Some(value) = &setting.default
            && let Err(reason) = schema::check_default(&setting.schema, value)
        {
            return invalid(format!("{shown}: the default {reason}"));
        }
    }
    for name in required {
        match settings.get(name) {
            None => return invalid(format!("required_settings: there is no settings.{name}")),
            Some(setting) if setting.default.is_some() => {
                return invalid(format!(
                    "required_settings: settings.{name} has a default, so nobody has to set it"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
