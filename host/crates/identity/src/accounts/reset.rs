//! A new password by a link.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::attempts::{self, Guessed};
use super::erase::delete_all;
use super::sign_in::end_all;
use super::view::Told;
use super::{Accounts, codes, letters};
use crate::news;
use crate::passwords;
use crate::platform::unavailable;
use crate::records::{Account, Key, Purpose};
use crate::wire::{body, json};

/// What a link carries, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ResetPassword {
    token: String,
    /// 8 to 256 characters; `newPassword` is another word for it.
    #[serde(alias = "newPassword")]
    password: String,
}

/// `POST /api/auth/reset-password`. It signs nobody in: who has the link alone is not who has the new password.
pub(super) async fn reset(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let reset: ResetPassword = body(request)?;
    let (platform, secret) = (&service.platform, &reset.token);
    // Before the hash, which costs most: strangers don't get one for nothing.
    let unit = platform.unit().await.map_err(unavailable)?;
    let id = codes::peek(service, &unit, Purpose::ResetPassword, secret).await?;
    let account: Option<Account> = unit.get(&id).await?;
    let email = account.ok_or_else(codes::bad_link)?.email;
    passwords::check("password", &reset.password, &email)?;
    let hash = &service
        .passwords
        .hash(&reset.password, platform.random())
        .await?;
    let done = platform.transact(|unit| async move {
        let id = codes::take(service, &unit, Purpose::ResetPassword, secret).await?;
        let account: Option<Account> = unit.get(&id).await?;
        let mut account = account
            .filter(|account| !account.suspended)
            .ok_or_else(codes::bad_link)?;
        account.password = Some(hash.clone());
        // The link came by a letter to this address. Who had the account so far may have been somebody else.
        if !account.verified {
            delete_all::<Key>(&unit, &id).await?;
            news::verified(platform, &unit, service.home_of(&account), &id, &account)?;
        }
        account.verified = true;
        end_all(&unit, &id, &mut account, None).await?;
        unit.put(&id, &account).await.map_err(unavailable)?;
        codes::end_digits(&unit, &account.email).await?;
        codes::end_links(&unit, Purpose::ResetPassword, &id).await?;
        attempts::forget(&unit, &attempts::id(Guessed::Password, &account.email)).await?;
        unit.post(&letters::password_changed(&account)).await
    });
    done.await?;
    let message = "The password is set: sign in with it.";
    json(200, &Told { message })
}
