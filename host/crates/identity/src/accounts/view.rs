//! What clients are told of a user, in one shape for all of them.

use serde::Serialize;
use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account as Caller, Role};
use utoipa::ToSchema;

use super::{Accounts, person, tenant, times};
use crate::platform::Unit;
use crate::records::{Account, Organization};

/// The status of everybody who can sign in.
const ACTIVE: &str = "active";

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The account's id.
    pub id: String,
    /// The address in lower case.
    pub email: Option<String>,
    /// The name as a whole.
    pub name: String,
    /// Its first part.
    pub first_name: String,
    /// The family's part; empty if there is none.
    pub last_name: String,
    /// What they are in the organisation.
    #[schema(value_type = String)]
    pub role: Role,
    /// Whether the address was shown to be theirs.
    pub is_email_verified: bool,
    /// Always true: whoever is suspended is told nothing.
    pub is_active: bool,
    /// The same, as one shop's clients know it.
    pub status: &'static str,
    /// The organisation that they work in.
    pub organization: Option<OrganizationName>,
    /// When the account was made; absent for a development token without an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

impl User {
    /// What a token says of an account.
    pub(super) fn nameless(caller: &Caller, organization: Option<OrganizationName>) -> Self {
        Self {
            id: caller.id.clone(),
            email: caller.email.clone(),
            name: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            role: caller.role,
            is_email_verified: false,
            is_active: true,
            status: ACTIVE,
            organization,
            created_at: None,
        }
    }
}

/// An organisation by its id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrganizationName {
    /// Its tenant id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    pub(super) user: User,
}

/// What a client goes on with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Who signed in.
    pub user: User,
    /// The organisation that the session works in.
    pub organization: Option<OrganizationName>,
    /// The access token.
    pub token: String,
    /// The access token by its other name.
    pub access_token: String,
    /// Gives the next access token, once; absent when the one that the client has stays good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// How the access token is sent.
    pub token_type: &'static str,
    /// Seconds that the access token is good for.
    pub expires_in: u32,
}

/// A sentence for the user.
#[derive(Serialize, ToSchema)]
pub(super) struct Told {
    pub(super) message: &'static str,
}

/// A user as they are in a tenant; without one, in the default tenant.
pub(super) async fn user(
    service: &Accounts,
    unit: &Unit,
    id: &str,
    account: &Account,
    tenant: Option<&TenantId>,
) -> Result<User, Problem> {
    let role = tenant::role(service, unit, id, tenant).await?;
    let role = role.ok_or_else(Problem::unauthenticated)?;
    let (first_name, last_name) = person::parts(account);
    Ok(User {
        id: id.to_owned(),
        email: Some(account.email.clone()),
        name: account.name.clone(),
        first_name,
        last_name,
        role,
        is_email_verified: account.verified,
        is_active: true,
        status: ACTIVE,
        organization: organization(unit, tenant).await?,
        created_at: Some(times::rfc3339(account.created_at)),
    })
}

/// The name of a tenant that is an organisation.
pub(super) async fn organization(
    unit: &Unit,
    tenant: Option<&TenantId>,
) -> Result<Option<OrganizationName>, Problem> {
    let Some(tenant) = tenant else {
        return Ok(None);
    };
    let organization: Option<Organization> = unit.get(tenant.as_str()).await?;
    Ok(organization.map(|organization| OrganizationName {
        id: tenant.to_string(),
        name: organization.name,
    }))
}
