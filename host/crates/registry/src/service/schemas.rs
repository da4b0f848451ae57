//! The service as the edge and the API document see it: its manifest and the schemas of its types.

use stoa_kernel::paging::{PageQuery, page_of};
use stoa_kernel::schemas::{Add, add, all};
use stoa_kernel::wit::{Package, PackageError};

use super::activations::{ActivationQuery, Approval, NewActivation, NewGrants, Switch};
use super::keys::{NewKey, RevocationQuery};
use super::logs::{LogLines, LogQuery};
use super::plugins::{PluginItem, PluginView};
use super::revisions::DiffQuery;
use super::secrets::{NewSecret, SecretsView};
use super::settings::{NewSettings, PlaceQuery, SettingsAgain, SettingsChange, SettingsView};
use super::uploads::UploadedPlugin;
use super::usage::{UsageQuery, UsageView};
use super::views::{ActivationView, AuditView, KeyView, RevisionView};
use crate::diff::Diff;

/// What the routes take and answer, apart from lists.
const TYPES: &[Add] = &[
    add::<ActivationQuery>,
    add::<ActivationView>,
    add::<Approval>,
    add::<AuditView>,
    add::<Diff>,
    add::<DiffQuery>,
    add::<KeyView>,
    add::<LogLines>,
    add::<LogQuery>,
    add::<NewActivation>,
    add::<NewGrants>,
    add::<NewKey>,
    add::<NewSecret>,
    add::<NewSettings>,
    add::<PageQuery>,
    add::<PlaceQuery>,
    add::<PluginItem>,
    add::<PluginView>,
    add::<RevisionView>,
    add::<RevocationQuery>,
    add::<SecretsView>,
    add::<SettingsAgain>,
    add::<SettingsChange>,
    add::<SettingsView>,
    add::<Switch>,
    add::<UploadedPlugin>,
    add::<UsageQuery>,
    add::<UsageView>,
];

/// Lists and their items.
const LISTS: &[(&str, &str)] = &[
    ("ActivationList", "ActivationView"),
    ("AuditList", "AuditView"),
    ("KeyList", "KeyView"),
    ("PluginList", "PluginItem"),
    ("RevisionList", "RevisionView"),
    ("SettingsHistory", "SettingsChange"),
    ("UsageList", "UsageView"),
];

/// Manifest and schemas.
pub fn package() -> Result<Package, PackageError> {
    let mut schemas = all(TYPES)?;
    for (list, item) in LISTS {
        schemas.insert((*list).to_owned(), page_of(item));
    }
    Package::new(include_str!("service.toml"), schemas)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::Value;

    use crate::records::REGISTRY;

    #[test]
    fn every_type_that_is_named_is_there() {
        let package = super::package().unwrap();
        assert_eq!(package.manifest.name, REGISTRY);
        let text = Value::from_iter(package.schemas.clone()).to_string();
        let references = text.split("#/components/schemas/").skip(1);
        let mut named = 0;
        for rest in references {
            let name = rest.split('"').next().unwrap();
            assert!(package.schemas.contains_key(name), "{name} has no schema");
            named += 1;
        }
        assert!(named > 10, "{named}");
    }
}
