//! What the shop says of itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stoa_guest::prelude::*;

const SETTINGS: Collection<Settings> = Collection::new("settings");

/// The only document.
const ID: &str = "shop";

/// Bytes of a line.
const LINE_BYTES_MAX: usize = 254;

/// Bytes of an announcement.
const PROSE_BYTES_MAX: usize = 5_000;

/// The settings as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Settings {
    values: Values,
    updated_at: u64,
    updated_by: String,
}

/// What can be said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Values {
    site_name: String,
    support_email: String,
    /// Shown to everybody.
    announcement: String,
    /// `https` addresses.
    terms_url: String,
    privacy_url: String,
}

/// The settings, with the version that a change has to name.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    settings: Values,
    /// 0 before the first change.
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

/// What an administrator may write, whole.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    settings: Values,
}

/// Members that nobody writes.
const READ_ONLY: &[&str] = &["updatedAt", "updatedBy"];

/// Members of `settings` to change; those that are not sent stay, null empties one. What can only be read may come along as
/// it was read.
#[derive(Debug, Deserialize, Schema)]
pub struct SettingsChange {
    /// The version that was seen; without one, it changes whatever is there.
    version: Option<u64>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

pub fn view_settings() -> Result<Json<SettingsView>> {
    shown().map(Json)
}

pub fn change_settings(
    caller: Caller,
    Json(change): Json<SettingsChange>,
) -> Result<Json<SettingsView>> {
    let shown = shown()?;
    // First of all: what was read of another version is not as it is shown now.
    if change.version.is_some_and(|seen| seen != shown.version) {
        let detail = "Somebody has changed the settings meanwhile.";
        return Err(Problem::conflict("version-mismatch", detail).with_field("version"));
    }
    let before = Written {
        settings: shown.settings.clone(),
    };
    let Written { settings } = Json::patched_as_read(&before, &shown, READ_ONLY, change.members)?;
    settings.check()?;
    let settings = Settings {
        values: settings,
        updated_at: clock::now_ms(),
        updated_by: caller.user()?.into(),
    };
    let version = SETTINGS.put(ID, &settings)?;
    Ok(Json(view(settings, version)))
}

fn shown() -> Result<SettingsView> {
    let stored = SETTINGS.get_versioned(ID)?;
    Ok(match stored {
        Some(stored) => view(stored.value, stored.version),
        None => SettingsView {
            settings: Values::default(),
            version: 0,
            updated_at: None,
            updated_by: None,
        },
    })
}

fn view(settings: Settings, version: u64) -> SettingsView {
    SettingsView {
        settings: settings.values,
        version,
        updated_at: Some(clock::rfc3339(settings.updated_at)),
        updated_by: Some(settings.updated_by),
    }
}

impl Values {
    fn check(&self) -> Result<()> {
        for (field, text, bytes_max) in [
            ("settings.siteName", &self.site_name, LINE_BYTES_MAX),
            ("settings.supportEmail", &self.support_email, LINE_BYTES_MAX),
            ("settings.announcement", &self.announcement, PROSE_BYTES_MAX),
            ("settings.termsUrl", &self.terms_url, LINE_BYTES_MAX),
            ("settings.privacyUrl", &self.privacy_url, LINE_BYTES_MAX),
        ] {
            if text.len() > bytes_max {
                let detail = format!("{field} is at most {bytes_max} bytes long.");
                return Err(Problem::invalid(field, detail));
            }
        }
        for (field, url) in [
            ("settings.termsUrl", &self.terms_url),
            ("settings.privacyUrl", &self.privacy_url),
        ] {
            if !url.is_empty() && !url.starts_with("https://") {
                return Err(Problem::invalid(
                    field,
                    format!("{field} begins with https://."),
                ));
            }
        }
        if !self.support_email.is_empty() && !self.support_email.contains('@') {
            let field = "settings.supportEmail";
            return Err(Problem::invalid(field, format!("{field} is no address.")));
        }
        Ok(())
    }
}
