//! A tenant's people as its admins manage them. The default tenant's are people, too: those who work in no
//! organisation.

use serde::{Deserialize, Serialize};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Role;
use utoipa::ToSchema;

use super::access::{changer, id, insider};
use super::filters::newest_first;
use super::pages::{Page, asked_in};
use super::role::of_person;
use super::roster::{self, Change};
use super::{Organizations, times};
use crate::accounts::person::{Told, parts};
use crate::people::{self, Resident};
use crate::platform::unavailable;
use crate::records::Account;
use crate::wire::{body, json, nothing};

/// One of the tenant's people.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdminUser {
    /// The account's id.
    id: String,
    email: String,
    /// What they are called here.
    name: String,
    first_name: String,
    last_name: String,
    #[schema(value_type = String)]
    role: Role,
    status: Status,
    /// Whether the status is `active`.
    is_active: bool,
    is_email_verified: bool,
    /// When the account was made.
    created_at: String,
    /// When it came here.
    joined_at: String,
}

/// Whether somebody may act in the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Suspended,
}

/// What changes about somebody in this tenant; absent members stay. Their account and their places in other
/// tenants stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UserChange {
    /// What they are called here; or in two parts.
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// `admin`, `developer`, `viewer`, `vendor` or `user`.
    #[schema(value_type = Option<String>)]
    role: Option<Role>,
    /// Whoever is suspended keeps everything and may do nothing here.
    status: Option<Status>,
    /// The status in another word.
    is_active: Option<bool>,
}

/// Which people are wanted; `PageQuery`'s members, and `role`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by hand; this is its schema")]
pub(super) struct UserQuery {
    /// Those of this role alone.
    role: Option<String>,
    /// Elements of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
    /// The number of the page from 1, instead of an offset.
    page: Option<u32>,
    /// `nextCursor` of the page before, instead of an offset.
    cursor: Option<String>,
}

/// `GET /api/admin/users`
pub(super) async fn list(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let (caller, default) = (insider(request)?, &service.config.default_tenant);
    let role = asked_role(&request.query)?;
    let part = asked_in(&request.query, newest_first()?)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let found = people::list(&unit, caller.tenant, default, role, part.clone()).await?;
    let items: Vec<AdminUser> = found.people.into_iter().map(view).collect();
    json(
        200,
        &Page::new(&part, items, found.total, found.next_cursor),
    )
}

/// `GET /api/admin/users/{id}`
pub(super) async fn show(service: &Organizations, request: &Request) -> Result<Response, Problem> {
    let (caller, default) = (insider(request)?, &service.config.default_tenant);
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let found = people::find(&unit, caller.tenant, default, id(request)?).await?;
    json(200, &view(found.ok_or_else(Problem::not_found)?))
}

/// `PUT /api/admin/users/{id}`
pub(super) async fn change(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let (caller, default) = (changer(request)?, &service.config.default_tenant);
    let id = id(request)?;
    let change = &read(body(request)?)?;
    let changed = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        let found = people::find(&unit, caller.tenant, default, id).await?;
        let found = found.ok_or_else(Problem::not_found)?;
        if change.suspended == Some(true) {
            spare_operator(&found.account)?;
        }
        let place = roster::change(&unit, found.place, change).await?;
        json(200, &view(Resident { place, ..found }))
    });
    changed.await
}

/// `DELETE /api/admin/users/{id}`. Out of an organisation, or out of the default tenant: whoever belongs nowhere
/// else is gone with their account.
pub(super) async fn remove(
    service: &Organizations,
    request: &Request,
) -> Result<Response, Problem> {
    let (caller, default) = (changer(request)?, &service.config.default_tenant);
    let id = id(request)?;
    let removed = service.platform.answer(request, |unit| async move {
        caller.still_admin(&unit).await?;
        if caller.tenant != default {
            roster::remove(&unit, caller.tenant, id).await?;
            return Ok(nothing());
        }
        let found = people::find(&unit, default, default, id).await?;
        let found = found.ok_or_else(Problem::not_found)?;
        if id == caller.account.id {
            return Err(Problem::new(
                409,
                "own-account",
                "This is your own account: DELETE /api/auth/account ends it.",
            ));
        }
        spare_operator(&found.account)?;
        match roster::dismiss(&unit, &found.place).await? {
            Some(_elsewhere) => {}
            None => service.accounts.end(&unit, id).await?,
        }
        Ok(nothing())
    });
    removed.await
}

/// Operators stand outside of tenants: no tenant's admin keeps them from anything.
fn spare_operator(account: &Account) -> Result<(), Problem> {
    if account.operator {
        return Err(Problem::new(
            409,
            "operator",
            "This is an operator of the platform, whom no request removes or suspends.",
        ));
    }
    Ok(())
}

fn asked_role(query: &str) -> Result<Option<Role>, Problem> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let Some((_, word)) = pairs.find(|(name, _)| name == "role") else {
        return Ok(None);
    };
    let role = serde_json::from_value((*word).into());
    role.map(Some)
        .map_err(|_| Problem::invalid("role", "There is no such role."))
}

fn read(change: UserChange) -> Result<Change, Problem> {
    let told = Told {
        name: change.name.as_deref(),
        first: change.first_name.as_deref(),
        last: change.last_name.as_deref(),
    };
    let by_status = change.status.map(|status| status == Status::Suspended);
    let by_flag = change.is_active.map(|is_active| !is_active);
    if by_status.is_some() && by_flag.is_some() && by_status != by_flag {
        let detail = "isActive and status contradict each other.";
        return Err(Problem::invalid("isActive", detail));
    }
    Ok(Change {
        name: told.name()?.map(|name| name.whole),
        role: change.role.map(of_person).transpose()?,
        suspended: by_status.or(by_flag),
        selling_changed_by: None,
    })
}

fn view(resident: Resident) -> AdminUser {
    let name = resident.name().to_owned();
    let is_active = !resident.place.suspended && !resident.account.suspended;
    let (first_name, last_name) = match &resident.place.name {
        None => parts(&resident.account),
        Some(name) => parts(&Account::new("", name.as_str(), 0)),
    };
    AdminUser {
        id: resident.id,
        email: resident.account.email,
        name,
        first_name,
        last_name,
        role: resident.place.role,
        status: if is_active {
            Status::Active
        } else {
            Status::Suspended
        },
        is_active,
        is_email_verified: resident.account.verified,
        created_at: times::rfc3339(resident.account.created_at),
        joined_at: times::rfc3339(resident.place.created_at),
    }
}
