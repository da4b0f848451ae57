//! A new password by somebody who knows the old one.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Account as Caller;
use utoipa::ToSchema;

use super::attempts::Guessed;
use super::profile::{account, session};
use super::sign_in::end_all;
use super::{Accounts, codes, letters, login};
use crate::passwords;
use crate::platform::unavailable;
use crate::records::Purpose;
use crate::wire::{body, nothing};

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PasswordChange {
    current_password: String,
    /// 8 to 256 characters.
    new_password: String,
}

/// `POST /api/auth/change-password`
pub(super) async fn change(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, current) = session(request)?;
    let change: PasswordChange = body(request)?;
    let platform = &service.platform;
    let email = &email(service, caller).await?;
    passwords::check("newPassword", &change.new_password, email)?;
    let proof = &login::prove(service, email, &change.current_password).await?;
    let random = platform.random();
    let hash = &service.passwords.hash(&change.new_password, random).await?;
    let changed = platform.transact(|unit| async move {
        let Some((id, mut account)) =
            login::admit(service, &unit, Guessed::PasswordAgain, email, proof).await?
        else {
            return Ok(false);
        };
        account.password = Some(hash.clone());
        end_all(&unit, &id, &mut account, Some(current)).await?;
        unit.put(&id, &account).await.map_err(unavailable)?;
        codes::end_links(&unit, Purpose::ResetPassword, &id).await?;
        unit.post(&letters::password_changed(&account)).await?;
        Ok(true)
    });
    match changed.await? {
        true => Ok(nothing()),
        false => Err(wrong("currentPassword")),
    }
}

/// The address of the caller's account.
pub(super) async fn email(service: &Accounts, caller: &Caller) -> Result<String, Problem> {
    let unit = service.platform.unit().await.map_err(unavailable)?;
    Ok(account(&unit, caller).await?.email)
}

/// 403: the caller is signed in and not the one who knows the password. Too many failures are told so, too.
pub(super) fn wrong(field: &str) -> Problem {
    Problem {
        field: Some(field.to_owned()),
        ..Problem::new(403, "wrong-password", "This is not your password.")
    }
}
