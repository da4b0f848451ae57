//! What is set for plugins, and setting it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::{Layer, Scope};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::query::Query;
use stoa_kernel::times::rfc3339;
use stoa_kernel::wire::{body, json};
use stoa_kernel::wit::SettingScope;
use utoipa::ToSchema;

use super::activations::{checked, newest};
use super::place::Place;
use crate::books::{Unit, by, equal};
use crate::records::SetChange;
use crate::registry::Registry;
use crate::settings::{changed, layer, theirs};

/// What is set for it from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSettings {
    /// All that is set in this scope, over what lies beneath. Of an admin, all that is left to tenants.
    #[schema(value_type = Object)]
    settings: BTreeMap<String, Value>,
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Why, for those who read the audit.
    #[serde(default)]
    reason: String,
    /// The newest change that the caller knows of: nothing is done if there is a newer one. `If-Match` says the same.
    expected: Option<u64>,
}

/// An earlier change that is to count again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsAgain {
    /// Its number.
    version: u64,
    /// An operator's: for this tenant.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Why.
    #[serde(default)]
    reason: String,
    /// As of new settings.
    expected: Option<u64>,
}

/// Whose settings or secrets are wanted.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is for the API document; the query is read member by member"
)]
pub struct PlaceQuery {
    /// An operator's: this tenant's instead of the deployment's.
    tenant: Option<String>,
}

/// What is set for a plugin in a scope.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsView {
    plugin: String,
    /// `deployment` or `tenant:<id>`.
    scope: String,
    /// The newest change in this scope, with which `expected` is compared; 0 before the first.
    version: u64,
    /// Those that the caller may set, by name.
    settings: BTreeMap<String, SettingView>,
}

/// A setting.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    summary: String,
    /// The value that counts here; absent if nobody gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    /// Who gave it.
    source: Option<Layer>,
    /// The change that it is of, in the scope of its source.
    version: Option<u64>,
    /// What is set in this very scope; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<Value>,
    /// Whether admins of organisations may set it for theirs.
    left_to_tenants: bool,
    /// Whether the plugin does not serve without it.
    required: bool,
    /// The JSON Schema (2020-12) that its values follow.
    #[schema(value_type = Object)]
    schema: BTreeMap<String, Value>,
}

/// A change of what is set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    /// Its number.
    version: u64,
    /// What was done: `settings`, or a switch that brought its settings along, such as `rollback`.
    what: String,
    by: String,
    at: String,
    reason: String,
    /// By name, what was set before and after, of settings that the caller may set.
    changes: BTreeMap<String, ValueChange>,
}

/// A value that came, went or is another.
#[derive(Serialize, ToSchema)]
pub struct ValueChange {
    /// Absent if it was not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    /// Absent if it is not set any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

/// `GET /api/platform/plugins/{name}/settings`
pub async fn show(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let place = Place::asked(registry, request).await?;
    told(registry, &place).await
}

/// `PUT /api/platform/plugins/{name}/settings`
pub async fn replace(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let new: NewSettings = body(request)?;
    checked(&new.reason)?;
    let place = Place::of(registry, request, new.tenant.as_ref()).await?;
    let act = place.act(newest(request, new.expected)?, new.reason);
    registry.set(act, new.settings).await?;
    again(registry, request, place).await
}

/// `POST /api/platform/plugins/{name}/settings/restore`
pub async fn restore(registry: &Arc<Registry>, request: &Request) -> Result<Response, Problem> {
    let wanted: SettingsAgain = body(request)?;
    checked(&wanted.reason)?;
    let place = Place::of(registry, request, wanted.tenant.as_ref()).await?;
    let act = place.act(newest(request, wanted.expected)?, wanted.reason);
    registry.set_again(act, wanted.version).await?;
    again(registry, request, place).await
}

/// `GET /api/platform/plugins/{name}/settings/history`
pub async fn history(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let place = Place::asked(registry, request).await?;
    let theirs = theirs(&place.who, &place.serves);
    let scope = place.scope.to_string();
    let query = Query {
        filter: Some(equal(&[
            ("scope", scope.as_str()),
            ("plugin", place.plugin.as_str()),
        ])?),
        ..asked_in(&request.query, by("number", true)?)?
    };
    let unit = registry.books.unit().await?;
    let found = unit.list::<SetChange>(&query).await?;
    let items = found.records.into_iter();
    let items: Vec<_> = items
        .map(|row| SettingsChange::of(row.record, &theirs))
        .collect();
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}

/// How it is after a change.
async fn again(registry: &Registry, request: &Request, place: Place) -> Result<Response, Problem> {
    let tenant = match &place.scope {
        Scope::Deployment => None,
        Scope::Tenant(tenant) => Some(tenant),
    };
    let place = Place::of(registry, request, tenant).await?;
    told(registry, &place).await
}

async fn told(registry: &Registry, place: &Place) -> Result<Response, Problem> {
    let unit = registry.books.unit().await?;
    let view = view(registry, &unit, place).await?;
    let mut response = json(200, &view)?;
    let tag = format!("\"{}\"", view.version);
    response.headers.push(("etag".into(), tag));
    Ok(response)
}

async fn view(registry: &Registry, unit: &Unit, place: &Place) -> Result<SettingsView, Problem> {
    let Place { plugin, scope, .. } = place;
    let own = registry.settings_of(unit, scope, plugin).await?;
    let own = own.unwrap_or_default();
    let deployments = registry.settings_of(unit, &Scope::Deployment, plugin);
    let deployments = deployments.await?.unwrap_or_default();
    let manifest = &place.serves.package.manifest;
    let mut settings = BTreeMap::new();
    for name in theirs(&place.who, &place.serves) {
        let Some(setting) = manifest.settings.get(name) else {
            continue;
        };
        let given = place.serves.settings.get(name);
        let given = given.and_then(|given| given.first());
        let source = given.map(|(source, _)| *source);
        let since = match source {
            Some(Layer::Tenant) => own.since.get(name),
            Some(Layer::Deployment) => deployments.since.get(name),
            Some(Layer::Default | Layer::Configuration) | None => None,
        };
        let is_own = source == Some(layer(scope));
        let view = SettingView {
            summary: setting.summary.clone(),
            value: given.map(|(_, value)| value.clone()),
            source,
            version: since.copied(),
            set: given.filter(|_| is_own).map(|(_, value)| value.clone()),
            left_to_tenants: setting.scope == SettingScope::Tenant,
            required: manifest.required_settings.contains(name),
            schema: setting.schema.clone(),
        };
        settings.insert(name.to_owned(), view);
    }
    Ok(SettingsView {
        plugin: plugin.clone(),
        scope: scope.to_string(),
        version: own.number,
        settings,
    })
}

impl SettingsChange {
    /// As somebody sees it to whom these settings are.
    fn of(row: SetChange, theirs: &BTreeSet<&str>) -> Self {
        let names = changed(&row.before, &row.after).into_iter();
        let changes = names.filter(|name| theirs.contains(name)).map(|name| {
            let change = ValueChange {
                before: row.before.get(name).cloned(),
                after: row.after.get(name).cloned(),
            };
            (name.to_owned(), change)
        });
        Self {
            version: row.number,
            changes: changes.collect(),
            what: row.what,
            by: row.by,
            at: rfc3339(row.at),
            reason: row.reason,
        }
    }
}
