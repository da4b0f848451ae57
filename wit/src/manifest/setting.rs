//! What a plugin leaves to its operator.

use serde::{Deserialize, Serialize};

/// What the operator may set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Which values it takes.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// The value when the operator gives none.
    #[serde(default)]
    pub default: Option<serde_json::Value>,
    /// One sentence for the operator.
    #[serde(default)]
    pub summary: String,
}

/// Types of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are JSON's")]
pub enum SettingKind {
    String,
    Integer,
    Number,
    Boolean,
}

impl SettingKind {
    /// Whether a value is of this type.
    #[must_use]
    pub fn admits(self, value: &serde_json::Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
        }
    }
}
