//! The service: `/api/platform`.

mod activations;
mod audit;
mod keys;
mod logs;
mod plugins;
mod revisions;
mod schemas;
mod uploads;
mod views;

use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::answer::InFlight;
use stoa_kernel::call::{Incoming, Request, Response, Streamed};
use stoa_kernel::error::Problem;
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

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct RegistryService(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    package: Arc<Package>,
    uploads: Arc<Semaphore>,
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
            "set_settings" => activations::set(registry, request).await,
            "show_logs" => logs::show(registry, request).await,
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

/// As [`known`]; an operator also finds what comes from the plugin folder, which is in no row.
async fn known_or_serving(
    registry: &Registry,
    unit: &Unit,
    who: &Who,
    request: &Request,
) -> Result<(String, Option<Plugin>), Problem> {
    match known(unit, who, request).await {
        Ok((name, plugin)) => Ok((name, Some(plugin))),
        Err(problem) if who.is_operator() => {
            let name = param(request, "name")?;
            let mut serving = registry.deployer.standings().into_iter();
            let serves = is_plugin_name(name) && serving.any(|serving| serving.plugin == name);
            serves.then(|| (name.to_owned(), None)).ok_or(problem)
        }
        Err(problem) => Err(problem),
    }
}

/// A member of the query string.
fn asked(request: &Request, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.query.as_bytes());
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}
