//! Taking a place that was offered: once, by whom it was offered to.

use serde::{Deserialize, Serialize};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Account as Caller, Credential, Role};
use utoipa::ToSchema;

use super::access::{organization, refuse_key};
use super::filters::equal;
use super::{Organizations, plans, roster, token};
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Account, Invitation, Organization};
use crate::wire::{body, json};
use crate::{news, people};

/// What accepts an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Acceptance {
    /// What the letter's link carries.
    token: String,
    /// Who is not signed in says what they want to be called …
    name: Option<String>,
    /// … and chooses a password or, with an account of this address, gives its own.
    password: Option<String>,
}

/// Where the caller belongs now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accepted {
    account_id: String,
    email: String,
    organization_id: String,
    organization_name: String,
    #[schema(value_type = String)]
    role: Role,
}

/// `POST /api/invitations/accept`. A token that is unknown, ended, used, taken back or somebody else's gets one
/// answer.
pub(super) async fn accept(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.principal.account.as_ref();
    caller.map_or(Ok(()), refuse_key)?;
    let acceptance: Acceptance = body(request)?;
    let acceptance = &acceptance;
    let accepted = service.platform.transact(|unit| async move {
        let invitation = invited(service, &unit, &acceptance.token).await?;
        let email = &invitation.record.email;
        if let Some(caller) = caller {
            refuse_stranger(&unit, caller, email).await?;
        }
        // Before an account is made, which costs most of all.
        let organization = room(&unit, &invitation).await?;
        let (account, is_new) = match caller {
            Some(caller) => (caller.id.clone(), false),
            None => account(service, &unit, acceptance, &invitation.record).await?,
        };
        let joiner = Joiner { account, is_new };
        join(service, &unit, organization, invitation, joiner).await
    });
    json(200, &accepted.await?)
}

/// The invitation of a token. The query finds it; what counts is what the unit reads of it then, for that the
/// commit checks.
async fn invited(
    service: &Organizations,
    unit: &Unit,
    secret: &str,
) -> Result<Stored<Invitation>, Problem> {
    let stored = token::stored(secret);
    let found = unit
        .find::<Invitation>(equal(&[("token", &stored)])?)
        .await?;
    let id = found.ok_or_else(Problem::not_found)?.id;
    match unit.get::<Invitation>(&id).await? {
        Some(record) if record.token == stored && record.ends_at > service.platform.now() => {
            Ok(Stored { id, record })
        }
        _ => Err(Problem::not_found()),
    }
}

/// Who is signed in accepts what was sent to their own address.
async fn refuse_stranger(unit: &Unit, caller: &Caller, email: &str) -> Result<(), Problem> {
    let record = unit.get::<Account>(&caller.id).await?;
    let own = record.map(|account| account.email).or_else(|| {
        // Only a development token may have no account behind it.
        let is_development = caller.credential == Credential::Development;
        let email = caller.email.as_deref().filter(|_| is_development);
        email.map(str::to_lowercase)
    });
    if own.as_deref() == Some(email) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// Theirs who are not signed in: the one of the address, or a new one.
async fn account(
    service: &Organizations,
    unit: &Unit,
    acceptance: &Acceptance,
    invitation: &Invitation,
) -> Result<(String, bool), Problem> {
    let needed = |field: &str, value: &Option<String>| {
        let missing = "Sign in, or send a name and a password.";
        value
            .clone()
            .ok_or_else(|| Problem::invalid(field, missing))
    };
    let name = needed("name", &acceptance.name)?;
    let password = needed("password", &acceptance.password)?;
    let (tenant, email) = (&invitation.tenant, &invitation.email);
    let made = service
        .accounts
        .ensure(unit, tenant, email, &name, &password);
    made.await
}

/// The organisation, if it has a place for who accepts.
async fn room(unit: &Unit, invitation: &Stored<Invitation>) -> Result<Organization, Problem> {
    let mut organization = organization(unit, &invitation.record.tenant).await?;
    organization.invitations.remove(&invitation.id);
    plans::check_member(&organization)?;
    Ok(organization)
}

/// Who takes the place.
struct Joiner {
    account: String,
    /// Whether the account was made for it, and so was nowhere before.
    is_new: bool,
}

async fn join(
    service: &Organizations,
    unit: &Unit,
    organization: Organization,
    Stored { id, record }: Stored<Invitation>,
    Joiner { account, is_new }: Joiner,
) -> Result<Accepted, Problem> {
    let accepted = Accepted {
        account_id: account,
        email: record.email,
        organization_id: record.tenant.to_string(),
        organization_name: organization.name.clone(),
        role: record.role,
    };
    let (account, now) = (&accepted.account_id, service.platform.now());
    roster::join(
        unit,
        &record.tenant,
        organization,
        account,
        record.role,
        now,
    )
    .await?;
    unit.delete::<Invitation>(&id).await?;
    super::news::accepted(unit, &record.tenant, &id, account);
    if let Some(mut known) = unit.get::<Account>(account).await? {
        // The token came by a letter to this address.
        if !known.verified {
            news::verified(&service.platform, unit, &record.tenant, account, &known)?;
        }
        known.verified = true;
        if is_new {
            known.home = Some(record.tenant);
        } else if known.home.is_none() {
            let default = &service.config.default_tenant;
            people::move_out(unit, default, account, &mut known, &record.tenant).await?;
        }
        unit.put(account, &known).await.map_err(unavailable)?;
    }
    Ok(accepted)
}
