//! Who is signed in.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::{Account as Caller, Credential};
use utoipa::ToSchema;

use super::person::Told;
use super::view::{self, Me, User};
use super::{Accounts, person, times};
use crate::platform::{Unit, unavailable};
use crate::records::Account;
use crate::wire::{body, caller, json};

/// A new name: as a whole, or in two parts.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProfileChange {
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// `GET /api/auth/me`, `GET /api/v1/auth/me` and `GET /api/auth/profile`
pub(super) async fn show(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let caller = caller(request)?;
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let user = user(&unit, caller).await?;
    json(200, &Me { user })
}

/// `PATCH /api/auth/profile`. Of a name in parts either may be changed alone.
pub(super) async fn change(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let change: ProfileChange = body(request)?;
    let change = &change;
    let changed = service.platform.answer(request, |unit| async move {
        let mut account = account(&unit, caller).await?;
        let (first, last) = person::parts(&account);
        let (first, last) = (
            change.first_name.as_deref().or(Some(&*first)),
            change
                .last_name
                .as_deref()
                .or(Some(&*last).filter(|last| !last.is_empty())),
        );
        let told = match (&change.name, &change.first_name, &change.last_name) {
            (None, None, None) => Told::default(),
            (Some(name), ..) => Told {
                name: Some(name),
                first: change.first_name.as_deref(),
                last: change.last_name.as_deref(),
            },
            (None, ..) => Told {
                name: None,
                first,
                last,
            },
        };
        let name = told.needed()?;
        (account.name, account.last_name) = (name.whole, name.last);
        unit.put(&caller.id, &account).await.map_err(unavailable)?;
        let user = user(&unit, caller).await?;
        json(200, &Me { user })
    });
    changed.await
}

/// The caller as everybody sees them.
async fn user(unit: &Unit, caller: &Caller) -> Result<User, Problem> {
    let Some(account) = unit.get::<Account>(&caller.id).await? else {
        return of_token(unit, caller).await;
    };
    let (first_name, last_name) = person::parts(&account);
    let organization = view::organization(unit, caller.tenant.as_ref()).await?;
    // Role and organisation as they were found out for this request: a key's are not its maker's.
    Ok(User {
        email: Some(account.email),
        name: account.name,
        first_name,
        last_name,
        is_email_verified: account.verified,
        created_at: Some(times::rfc3339(account.created_at)),
        ..User::nameless(caller, organization)
    })
}

/// A development token may stand for nobody who has an account: what it says is all there is.
async fn of_token(unit: &Unit, caller: &Caller) -> Result<User, Problem> {
    if caller.credential != Credential::Development {
        return Err(Problem::unauthenticated());
    }
    let organization = view::organization(unit, caller.tenant.as_ref()).await?;
    Ok(User::nameless(caller, organization))
}

/// The caller's account.
pub(super) async fn account(unit: &Unit, caller: &Caller) -> Result<Account, Problem> {
    let account: Option<Account> = unit.get(&caller.id).await?;
    account.ok_or_else(Problem::unauthenticated)
}

/// The caller and their session, where nothing else will do: who changes an account has signed in to it.
pub(super) fn session(request: &Request) -> Result<(&Caller, &str), Problem> {
    let caller = caller(request)?;
    no_key(caller)?;
    match &caller.credential {
        Credential::Session(session) => Ok((caller, session)),
        Credential::Development | Credential::Key { .. } => Err(Problem::new(
            409,
            "no-session",
            "This token has no session: sign in.",
        )),
    }
}

/// Keys are for an organisation's data, never for its people's accounts.
pub(super) fn no_key(caller: &Caller) -> Result<(), Problem> {
    match caller.credential {
        Credential::Key { .. } => Err(Problem::new(
            403,
            "forbidden",
            "This is not for API keys: sign in.",
        )),
        Credential::Development | Credential::Session(_) => Ok(()),
    }
}
