//! Plugins: what serves where, and how it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::deployment::{Scope, Standing as Serving, Used};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::paging::{Page, asked_in};
use stoa_kernel::query::{Filter, Query};
use stoa_kernel::times::rfc3339;
use stoa_kernel::wire::json;
use stoa_kernel::wit::Permission;
use utoipa::ToSchema;

use super::views::ActivationView;
use super::{observed, who};
use crate::books::{Unit, by, equal, path};
use crate::records::{Activation, Head, Plugin, activation_id, head_id};
use crate::registry::Registry;
use crate::who::{Standing, Who, of_deployment};

/// A plugin in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginItem {
    name: String,
    /// The highest version that was uploaded.
    latest: String,
    created_at: String,
    /// The version that serves the caller: an admin's tenant, or the deployment.
    serving: Option<String>,
}

/// A plugin.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginView {
    name: String,
    /// The highest version that was uploaded; none of what came from the plugin folder alone.
    latest: Option<String>,
    /// The account that uploaded it first.
    owner: Option<String>,
    created_at: Option<String>,
    /// What an operator has granted it for the deployment, or offered: so much an admin can grant.
    #[schema(value_type = Vec<String>)]
    grantable: BTreeSet<Permission>,
    /// The deployment's and the tenants'; an admin's own tenant's.
    places: Vec<PlaceView>,
}

/// A plugin in a scope.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceView {
    /// `deployment` or `tenant:<id>`.
    scope: String,
    /// The newest row, with which `expected` is compared.
    number: u64,
    /// The activation that counts.
    current: Option<ActivationView>,
    /// What waits for approval.
    waiting: Option<ActivationView>,
    /// What serves by the runtime's account: the registry's version, or a file of the plugin folder.
    serving: Option<ServingView>,
    /// Why it does not serve, or not the version that should.
    trouble: Option<String>,
}

/// What serves.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ServingView {
    version: String,
    digest: String,
    /// Whether it came from the plugin folder.
    from_folder: bool,
    /// Tenants for which it is kept from serving now, because it failed too often.
    #[schema(value_type = Vec<String>)]
    quarantined: Vec<TenantId>,
    /// What it has used since the host started, by tenant.
    #[schema(value_type = Object)]
    used: BTreeMap<TenantId, UsedView>,
}

/// What a plugin has used for one tenant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UsedView {
    calls: u64,
    faults: u64,
    cpu_us: u64,
    events: u64,
    outbound: u64,
}

/// `GET /api/platform/plugins`
pub async fn list(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let filter = match &who.standing {
        Standing::Operator => None,
        Standing::Vendor => Some(equal(&[("owner", who.account.as_str())])?),
        Standing::Admin(tenant) => Some(Filter::Or(vec![
            Filter::Eq(path("open")?, true.into()),
            Filter::Contains(path("tenants")?, tenant.as_str().into()),
        ])),
    };
    let query = Query {
        filter,
        ..asked_in(&request.query, by("created_at", false)?)?
    };
    let found = unit.list::<Plugin>(&query).await?;
    let mut items = Vec::with_capacity(found.records.len());
    for plugin in found.records {
        items.push(PluginItem {
            latest: plugin.record.latest,
            created_at: rfc3339(plugin.record.created_at),
            serving: serving_version(&unit, &who, &plugin.id).await?,
            name: plugin.id,
        });
    }
    json(
        200,
        &Page::new(&query, items, found.total, found.next_cursor),
    )
}

/// The version that serves the caller.
async fn serving_version(unit: &Unit, who: &Who, plugin: &str) -> Result<Option<String>, Problem> {
    let own = match &who.standing {
        Standing::Admin(tenant) => Some(Scope::Tenant(tenant.clone())),
        Standing::Operator | Standing::Vendor => None,
    };
    for scope in own.into_iter().chain([Scope::Deployment]) {
        let head: Option<Head> = unit.get(&head_id(&scope, plugin)).await?;
        let Some(number) = head.and_then(|head| head.number) else {
            continue;
        };
        let row: Option<Activation> = unit.get(&activation_id(&scope, plugin, number)).await?;
        if let Some(version) = row.and_then(|row| row.version) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// `GET /api/platform/plugins/{name}`
pub async fn show(registry: &Registry, request: &Request) -> Result<Response, Problem> {
    let who = who(request)?;
    let unit = registry.books.unit().await?;
    let (name, plugin) = observed(registry, &unit, &who, request).await?;
    let places = places(registry, &unit, &who, &name, plugin.as_ref()).await?;
    let view = PluginView {
        grantable: of_deployment(&unit, &name).await?,
        name,
        latest: plugin.as_ref().map(|plugin| plugin.latest.clone()),
        created_at: plugin.as_ref().map(|plugin| rfc3339(plugin.created_at)),
        owner: plugin.map(|plugin| plugin.owner),
        places,
    };
    json(200, &view)
}

/// The places of a plugin that the caller may know of.
async fn places(
    registry: &Registry,
    unit: &Unit,
    who: &Who,
    name: &str,
    plugin: Option<&Plugin>,
) -> Result<Vec<PlaceView>, Problem> {
    let scopes: Vec<Scope> = match &who.standing {
        Standing::Operator => {
            let tenants = plugin.iter().flat_map(|plugin| &plugin.tenants);
            let tenants = tenants.filter_map(|id| TenantId::parse(id).ok());
            let tenants = tenants.map(Scope::Tenant);
            [Scope::Deployment].into_iter().chain(tenants).collect()
        }
        Standing::Admin(tenant) => vec![Scope::Tenant(tenant.clone())],
        // What others run of it, and with what, is theirs to know.
        Standing::Vendor => Vec::new(),
    };
    let standings = registry.deployer.standings();
    let mut places = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let id = head_id(&scope, name);
        let head: Head = unit.get(&id).await?.unwrap_or_default();
        let mut serving = standings.iter();
        let serving = serving.find(|serving| serving.plugin == name && serving.scope == scope);
        places.push(PlaceView {
            scope: scope.to_string(),
            number: head.last,
            current: row(unit, &scope, name, head.number).await?,
            waiting: row(unit, &scope, name, head.waiting).await?,
            serving: serving.map(ServingView::from),
            trouble: registry.trouble_of(&id),
        });
    }
    Ok(places)
}

async fn row(
    unit: &Unit,
    scope: &Scope,
    plugin: &str,
    number: Option<u64>,
) -> Result<Option<ActivationView>, Problem> {
    let Some(number) = number else {
        return Ok(None);
    };
    let row: Option<Activation> = unit.get(&activation_id(scope, plugin, number)).await?;
    Ok(row.map(ActivationView::from))
}

impl From<&Serving> for ServingView {
    fn from(serving: &Serving) -> Self {
        let used = serving.used.iter();
        Self {
            version: serving.version.clone(),
            digest: serving.digest.clone(),
            from_folder: serving.from_folder,
            quarantined: serving.quarantined.clone(),
            used: used
                .map(|(tenant, used)| (tenant.clone(), UsedView::from(*used)))
                .collect(),
        }
    }
}

impl From<Used> for UsedView {
    fn from(used: Used) -> Self {
        let Used {
            calls,
            faults,
            cpu_us,
            events,
            outbound,
        } = used;
        Self {
            calls,
            faults,
            cpu_us,
            events,
            outbound,
        }
    }
}
