//! Organisations: who belongs where, what they may do there, and how others get in.

mod accept;
mod access;
mod create;
mod credentials;
mod details;
mod invite;
mod leave;
mod members;
mod names;
mod news;
mod own;
mod pages;
mod pending;
mod plan_changes;
mod plans;
mod role;
mod roster;
mod schemas;
mod seams;
mod selling;
mod switch;
mod users;

use std::sync::Arc;

use async_trait::async_trait;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::service::Service;
use stoa_kernel::wit::{Package, PackageError};

use crate::platform::Platform;
use crate::{address, filters, times, token};

pub use create::found;
pub use plan_changes::{TenantPlans, set_plan};
pub use plans::{PlanQuota, limits, limits_of};
pub use roster::{appoint, place, remove, vacate};
pub use seams::{Accounts, Sessions};
pub use selling::Selling;

/// What the operator says.
#[derive(Debug, Clone)]
pub struct OrganizationsConfig {
    /// Where people reach the platform, such as `https://shop.example`: links in letters begin with it, never
    /// with what a request names as its host.
    pub public_url: String,
    /// Where accounts are that work in no organisation.
    pub default_tenant: TenantId,
}

/// The service.
pub struct Organizations {
    platform: Platform,
    config: OrganizationsConfig,
    sessions: Arc<dyn Sessions>,
    accounts: Arc<dyn Accounts>,
    package: Arc<Package>,
}

impl Organizations {
    /// Over the platform's database, with what the accounts do for it.
    ///
    /// # Errors
    /// When the manifest within this crate is none.
    pub fn new(
        platform: Platform,
        config: OrganizationsConfig,
        sessions: Arc<dyn Sessions>,
        accounts: Arc<dyn Accounts>,
    ) -> Result<Self, PackageError> {
        Ok(Self {
            platform,
            config,
            sessions,
            accounts,
            package: Arc::new(schemas::package()?),
        })
    }
}

#[async_trait]
impl Service for Organizations {
    fn package(&self) -> &Arc<Package> {
        &self.package
    }

    async fn handle(&self, handler: &str, request: Request) -> Result<Response, Problem> {
        let handled = self.handled(handler, &request);
        self.platform.once(&request, handled).await
    }
}

impl Organizations {
    async fn handled(&self, handler: &str, request: &Request) -> Result<Response, Problem> {
        match handler {
            "show_organization" => details::show(self, request).await,
            "change_organization" => details::change(self, request).await,
            "leave_organization" => leave::leave(self, request).await,
            "list_organizations" => own::list(self, request).await,
            "create_organization" => create::create(self, request).await,
            "switch_organization" => switch::switch(self, request).await,
            "list_members" => members::list(self, request).await,
            "change_role" => role::change(self, request).await,
            "remove_member" => leave::remove(self, request).await,
            "list_people" => users::list(self, request).await,
            "show_person" => users::show(self, request).await,
            "change_person" => users::change(self, request).await,
            "remove_person" => users::remove(self, request).await,
            "invite" => invite::invite(self, request).await,
            "list_invitations" => pending::list(self, request).await,
            "revoke_invitation" => pending::revoke(self, request).await,
            "accept_invitation" => accept::accept(self, request).await,
            unknown => Err(Problem::internal(format!(
                "organizations has no handler {unknown}"
            ))),
        }
    }
}
