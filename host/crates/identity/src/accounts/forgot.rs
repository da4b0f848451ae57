//! Asking for a new password. The answer says nothing about accounts, and neither does its time: where there is
//! no account the same is read and written, for nobody.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::address::address;
use super::view::Told;
use super::{Accounts, codes, letters, lookup, token};
use crate::records::Purpose;
use crate::wire::{body, json};

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgotPassword {
    email: String,
}

/// `POST /api/auth/forgot-password`
pub(super) async fn forgot(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let ForgotPassword { email } = body(request)?;
    let email = &address(&email)?;
    let asked = service.platform.transact(|unit| async move {
        let known = lookup::admitted(&unit, email).await?;
        let nobody = token::stored(email);
        let id = known.as_ref().map_or(&*nobody, |known| &*known.id);
        let secret = codes::link(service, &unit, Purpose::ResetPassword, id).await?;
        if let Some(known) = &known {
            let letter = letters::reset_password(service, &known.record, &secret);
            unit.post(&letter).await?;
        }
        Ok(())
    });
    asked.await?;
    let message = "If there is an account with this address, a link is on its way.";
    json(202, &Told { message })
}
