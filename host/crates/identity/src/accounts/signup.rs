//! New accounts with a password: with an organisation of their own, and without.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::person::{Newcomer, Told};
use super::sign_in::{Origin, begin};
use super::{Accounts, codes, letters};
use crate::news;
use crate::organizations;
use crate::platform::{Unit, unavailable};
use crate::records::{Account, Purpose};
use crate::wire::{body, json};

/// An account and its organisation.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SignUp {
    email: String,
    /// 8 to 256 characters.
    password: String,
    /// The name as a whole; or in two parts.
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// What the organisation is called; after its admin, if absent.
    organization_name: Option<String>,
}

/// An account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registration {
    email: String,
    /// 8 to 256 characters.
    password: String,
    /// The name as a whole; or in two parts.
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// `POST /api/auth/signup`
pub(super) async fn signup(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let new: SignUp = body(request)?;
    let name = Told {
        name: new.name.as_deref(),
        first: new.first_name.as_deref(),
        last: new.last_name.as_deref(),
    };
    let newcomer = Newcomer::read(&new.email, name.needed()?, &new.password)?;
    let organization = new
        .organization_name
        .unwrap_or_else(|| format!("{}'s organisation", newcomer.name.whole));
    make(
        service,
        request,
        &newcomer,
        &new.password,
        Some(&organization),
    )
    .await
}

/// `POST /api/auth/register`
pub(super) async fn register(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let new: Registration = body(request)?;
    let name = Told {
        name: new.name.as_deref(),
        first: new.first_name.as_deref(),
        last: new.last_name.as_deref(),
    };
    let newcomer = Newcomer::read(&new.email, name.needed()?, &new.password)?;
    make(service, request, &newcomer, &new.password, None).await
}

/// A taken address is found out after the hash, so that the time tells no more than the answer does.
async fn make(
    service: &Accounts,
    request: &Request,
    newcomer: &Newcomer,
    password: &str,
    organization: Option<&str>,
) -> Result<Response, Problem> {
    let (platform, origin) = (&service.platform, &Origin::of(request));
    let hash = &service.passwords.hash(password, platform.random()).await?;
    let signed_in = platform.transact(|unit| async move {
        let (id, mut account) = newcomer.make(service, &unit, Some(hash.clone())).await?;
        let tenant = match organization {
            None => None,
            Some(name) => {
                let founded = organizations::found(platform, &unit, &id, name).await;
                Some(founded.map_err(of_organization)?)
            }
        };
        account.home.clone_from(&tenant);
        unit.put(&id, &account).await.map_err(unavailable)?;
        let begins = service.home_of(&account);
        news::registered(platform, &unit, begins, &id, &account)?;
        ask_to_verify(service, &unit, &id, &account).await?;
        begin(service, &unit, &id, &account, tenant, origin).await
    });
    json(201, &signed_in.await?)
}

/// Sends a link that verifies the address.
pub(super) async fn ask_to_verify(
    service: &Accounts,
    unit: &Unit,
    id: &str,
    account: &Account,
) -> Result<(), Problem> {
    let secret = codes::link(service, unit, Purpose::VerifyEmail, id).await?;
    let letter = letters::verify_email(service, account, &secret);
    unit.post(&letter).await
}

/// Here the organisation's name is another member.
fn of_organization(mut problem: Problem) -> Problem {
    if problem.field.as_deref() == Some("name") {
        problem.field = Some("organizationName".into());
    }
    problem
}
