//! Secrets of plugins: which there are and who set them, and setting them. No answer has a value.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::Layer;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::secret::Secret;
use stoa_kernel::times::rfc3339;
use stoa_kernel::wire::{body, json, nothing, param};
use stoa_kernel::wit::{OutboundAuth, SettingScope};
use utoipa::ToSchema;

use super::place::Place;
use crate::records::SecretRow;
use crate::registry::Registry;
use crate::secrets::Kept;
use crate::settings::may_set;

/// A secret's new value.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSecret {
    /// The value, 8 KiB at most. It is never shown again.
    #[schema(value_type = String, format = Password)]
    value: Secret,
    /// Whether the value before goes on beside this one for what is verified by it, such as signatures of webhooks.
    #[serde(default)]
    keep_before: bool,
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
}

/// The secrets of a plugin in a scope.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretsView {
    plugin: String,
    /// `deployment` or `tenant:<id>`.
    scope: String,
    /// Those that the caller may set, by name.
    secrets: BTreeMap<String, SecretView>,
}

/// A secret, without its value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretView {
    summary: String,
    /// The services that it is sent to.
    used_by: Vec<String>,
    /// Whether admins of organisations may set it for theirs.
    left_to_tenants: bool,
    /// Who gave the value that counts here; absent if nobody did.
    source: Option<Layer>,
    /// What is set in this very scope.
    set: Option<SecretSet>,
}

/// Who set a secret, and when.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretSet {
    by: String,
    at: String,
    /// Values that count: 2 while one is being replaced.
    values: usize,
}

impl From<SecretRow> for SecretSet {
    fn from(row: SecretRow) -> Self {
        Self {
            at: rfc3339(row.at),
            values: row.sealed.len(),
            by: row.by,
        }
    }
}

/// `GET /api/platform/plugins/{name}/secrets`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let place = Place::asked(registry, request).await?;
    let unit = registry.books.unit().await?;
    let rows = registry.secrets_of(&unit, &place.scope, &place.plugin);
    let mut rows = rows.await?;
    let manifest = &place.serves.package.manifest;
    // What a version before had is kept, and can be removed.
    let known: BTreeSet<String> = manifest
        .secrets
        .keys()
        .chain(rows.keys())
        .cloned()
        .collect();
    let mut secrets = BTreeMap::new();
    for name in known.iter().filter(|name| place.can_set(name)) {
        let secret = manifest.secrets.get(name);
        let services = manifest.outbound.iter().filter(|(_, service)| {
            let mut shown = service.auth.iter().flat_map(OutboundAuth::secrets);
            shown.any(|shown| shown == name)
        });
        let given = place.serves.secrets.get(name);
        let view = SecretView {
            summary: secret
                .map(|secret| secret.summary.clone())
                .unwrap_or_default(),
            used_by: services.map(|(service, _)| service.clone()).collect(),
            left_to_tenants: secret.is_some_and(|secret| secret.scope == SettingScope::Tenant),
            source: given.and_then(|given| given.first().copied()),
            set: rows.remove(name).map(SecretSet::from),
        };
        secrets.insert(name.clone(), view);
    }
    let view = SecretsView {
        plugin: place.plugin,
        scope: place.scope.to_string(),
        secrets,
    };
    json(200, &view)
}

/// `PUT /api/platform/plugins/{name}/secrets/{secret}`
pub async fn set(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let new: NewSecret = body(request)?;
    let place = Place::of(registry, request, new.tenant.as_ref()).await?;
    let kept = place.kept(request)?;
    let is_known = place
        .serves
        .package
        .manifest
        .secrets
        .contains_key(&kept.secret);
    if !is_known {
        return Err(Problem::not_found());
    }
    let set = registry.set_secret(&place.who, &kept, &new.value, new.keep_before);
    set.await?;
    Ok(nothing())
}

/// `DELETE /api/platform/plugins/{name}/secrets/{secret}`
pub async fn remove(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let place = Place::asked(registry, request).await?;
    let kept = place.kept(request)?;
    registry.remove_secret(&place.who, &kept).await?;
    Ok(nothing())
}

impl Place {
    /// Whether the caller may set a secret here. One that the manifest does not know is the operator's to remove.
    fn can_set(&self, name: &str) -> bool {
        let secret = self.serves.package.manifest.secrets.get(name);
        let scope = secret.map_or(SettingScope::Operator, |secret| secret.scope);
        may_set(&self.who, &self.serves, scope)
    }

    /// The secret of the path. One that is not the caller's to set is as missing as any.
    fn kept(&self, request: &Request) -> Result<Kept, Problem> {
        let secret = param(request, "secret")?;
        if !self.can_set(secret) {
            return Err(Problem::not_found());
        }
        Ok(Kept {
            scope: self.scope.clone(),
            plugin: self.plugin.clone(),
            secret: secret.to_owned(),
        })
    }
}
