//! Signing out.

use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use stoa_kernel::identity::Credential;

use super::Accounts;
use super::profile::no_key;
use crate::records::Session;
use crate::wire::{caller, nothing};

/// `POST /api/auth/logout`. A development token has no session that could end, and ends by itself.
pub(super) async fn logout(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let account = caller(request)?;
    no_key(account)?;
    let ended = service.platform.answer(request, |unit| async move {
        if let Credential::Session(session) = &account.credential {
            unit.delete::<Session>(session).await?;
        }
        Ok(nothing())
    });
    ended.await
}
