//! Showing that an address is one's own, by a link.

use serde::Serialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::profile::{account, session};
use super::signup::ask_to_verify;
use super::view::Told;
use super::{Accounts, codes};
use crate::news;
use crate::platform::unavailable;
use crate::records::{Account, Purpose};
use crate::wire::{json, param};

/// What became of a link.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verified {
    is_email_verified: bool,
    message: &'static str,
}

/// `GET /api/auth/verify/{token}`. It signs nobody in.
pub(super) async fn verify(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let secret = param(request, "token")?;
    let verified = service.platform.transact(|unit| async move {
        let id = codes::take(service, &unit, Purpose::VerifyEmail, secret).await?;
        let account: Option<Account> = unit.get(&id).await?;
        let mut account = account.ok_or_else(codes::bad_link)?;
        if !account.verified {
            let home = service.home_of(&account);
            news::verified(&service.platform, &unit, home, &id, &account)?;
        }
        account.verified = true;
        unit.put(&id, &account).await.map_err(unavailable)
    });
    verified.await?;
    let answer = Verified {
        is_email_verified: true,
        message: "The address is verified.",
    };
    json(200, &answer)
}

/// `POST /api/auth/verify/resend`
pub(super) async fn resend(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let (caller, _) = session(request)?;
    let sent = service.platform.answer(request, |unit| async move {
        let account = account(&unit, caller).await?;
        let message = if account.verified {
            "The address is verified already."
        } else {
            ask_to_verify(service, &unit, &caller.id, &account).await?;
            "A link is on its way."
        };
        json(202, &Told { message })
    });
    sent.await
}
