//! The service: `/api/platform`.

mod activations;
mod audit;
mod keys;
mod logs;
mod place;
mod plugins;
mod revisions;
mod schemas;
mod secrets;
mod settings;
mod uploads;
mod usage;
mod views;

use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::answer::InFlight;
use stoa_kernel::call::{Incoming, Request, Response, Streamed};
use stoa_kernel::deployment::Scope;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::places::Places;
use stoa_kernel::service::Service;
use stoa_kernel::store::StoreError;
use stoa_kernel::wire::{caller, param};
use stoa_kernel::wit::{Package, is_plugin_name};
use tokio::sync::Semaphore;

use crate::books::Unit;
use crate::change::Change;
use crate::records::Plugin;
use crate::registry::{Ports, Registry, RegistryConfig};
use crate::who::{Standing, Who};

pub(crate) use logs::WAITING_MAX;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct RegistryService(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    package: Arc<Package>,
    uploads: Arc<Semaphore>,
    /// Accounts that upload.
    uploaders: Arc<Places<String>>,
    in_flight: InFlight,
}

impl RegistryService {
    /// Over these ports.
    ///
    /// # Errors
    /// When the store refuses the collections.
    pub async fn open(config: RegistryConfig, ports: Ports) -> Result<Self, StoreError> {
        let package = schemas::package();
        let package = package.map_err(|error| StoreError::Invalid(error.to_string()))?;
        let registry = Registry::open(config, ports, &package.manifest).await?;
        Ok(Self(Arc::new(Inner {
            registry,
            package: Arc::new(package),
            uploads: Arc::new(Semaphore::new(uploads::AT_ONCE_MAX)),
            uploaders: Places::new(uploads::PER_ACCOUNT_MAX),
            in_flight: InFlight::default(),
        })))
    }

    /// What is behind it.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }
}

#[async_trait]
impl Service for RegistryService {
    fn package(&self) -> &Arc<Package> {
        &self.0.package
    }

    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem> {
        let Some(key) = &request.idempotency else {
            return self.0.handled(handler, &request).await;
        };
        let books = &self.0.registry.books;
        let _running = self.0.in_flight.begin(&request.tenant, key)?;
        if let Some(told) = books.told(key).await? {
            return Ok(told);
        }
        let response = self.0.handled(handler, &request).await?;
        books.keep(key, &response).await?;
        Ok(response)
    }

    fn streams(&self, handler: &str) -> bool {
        handler == "upload"
    }

    async fn stream(
        &self,
        handler: &str,
        request: Request,
        body: Incoming,
    ) -> Result<Streamed, Problem> {
        match handler {
            "upload" => uploads::upload(&self.0, &request, body).await,
            unknown => Err(Problem::internal(format!(
                "registry has no handler {unknown}"
            ))),
        }
    }
}

impl Inner {
    async fn handled(&self, handler: &str, request: &Request) -> Result<Response, Problem> {
        let registry = &self.registry;
        match handler {
            "list_plugins" => plugins::list(registry, request).await,
            "show_plugin" => plugins::show(registry, request).await,
            "list_revisions" => revisions::list(registry, request).await,
            "show_diff" => revisions::diff(registry, request).await,
            "list_activations" => activations::list(registry, request).await,
            "activate" => activations::activate(registry, request).await,
            "approve" => activations::approve(registry, request).await,
            "roll_back" => activations::switch(registry, request, Change::Rollback).await,
            "disable" => activations::switch(registry, request, Change::Disable).await,
            "enable" => activations::switch(registry, request, Change::Enable).await,
            "set_grants" => activations::grant(registry, request).await,
            "show_settings" => settings::show(registry, request).await,
            "set_settings" => settings::replace(registry, request).await,
            "list_settings_changes" => settings::history(registry, request).await,
            "restore_settings" => settings::restore(registry, request).await,
            "list_secrets" => secrets::list(registry, request).await,
            "set_secret" => secrets::set(registry, request).await,
            "remove_secret" => secrets::remove(registry, request).await,
            "show_logs" => logs::show(registry, request).await,
            "show_usage" => usage::show(registry, request).await,
            "list_keys" => keys::list(registry, request).await,
            "add_key" => keys::add(registry, request).await,
            "revoke_key" => keys::revoke(registry, request).await,
            "list_audit" => audit::list(registry, request).await,
            unknown => Err(Problem::internal(format!(
                "registry has no handler {unknown}"
            ))),
        }
    }
}

fn who(request: &Request) -> Result<Who, Problem> {
    Who::of(caller(request)?)
}

/// The plugin that the path names, if the caller may know of it.
async fn known(unit: &Unit, who: &Who, request: &Request) -> Result<(String, Plugin), Problem> {
    let name = param(request, "name")?;
    if !is_plugin_name(name) {
        return Err(Problem::not_found());
    }
    let plugin: Option<Plugin> = unit.get(name).await?;
    let plugin = plugin.filter(|plugin| match &who.standing {
        Standing::Operator => true,
        Standing::Admin(tenant) => plugin.open || plugin.tenants.contains(tenant.as_str()),
        Standing::Vendor => plugin.owner == who.account,
    });
    let plugin = plugin.ok_or_else(Problem::not_found)?;
    Ok((name.to_owned(), plugin))
}

/// The plugin that the path names, if how it is in some tenant concerns the caller: what the plugin folder holds is in
/// no row, and serves all the same.
async fn observed(
    registry: &Registry,
    unit: &Unit,
    who: &Who,
    request: &Request,
) -> Result<(String, Option<Plugin>), Problem> {
    let problem = match known(unit, who, request).await {
        Ok((name, plugin)) => return Ok((name, Some(plugin))),
        Err(problem) => problem,
    };
    let name = param(request, "name")?;
    let concerns = |scope: &Scope| match (&who.standing, scope) {
        (Standing::Vendor, _) => false,
        (Standing::Operator, _) | (_, Scope::Deployment) => true,
        (Standing::Admin(own), Scope::Tenant(tenant)) => own == tenant,
    };
    let standings = registry.deployer.standings();
    let mut serving = standings.iter();
    let serves = serving.any(|serving| serving.plugin == name && concerns(&serving.scope));
    serves.then(|| (name.to_owned(), None)).ok_or(problem)
}

/// The tenant of which somebody may read: an admin's own; of all if none, which is for operators.
fn readable(who: &Who, request: &Request) -> Result<Option<TenantId>, Problem> {
    let named = asked(request, "tenant").map(|text| TenantId::parse(&text));
    let named = named.transpose().map_err(|_| Problem::not_found())?;
    match (&who.standing, named) {
        (Standing::Operator, named) => Ok(named),
        (Standing::Admin(own), None) => Ok(Some(own.clone())),
        (Standing::Admin(own), Some(named)) if *own == named => Ok(Some(named)),
        (Standing::Admin(_) | Standing::Vendor, _) => Err(Problem::not_found()),
    }
}

/// A member of the query string.
fn asked(request: &Request, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query.as_bytes());
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}
