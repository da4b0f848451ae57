//! Signing up and in by six digits that are sent by mail. Who signs up becomes an account only with the digits, so
//! that nobody makes one in another's name; and no answer tells whether there is one.

use serde::{Deserialize, Serialize};
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::address::{address, local_part};
use super::attempts::{self, Guessed};
use super::erase::delete_all;
use super::person::{Name, Newcomer, Told};
use super::sign_in::{Origin, end_all, enter, refused};
use super::{Accounts, SignedIn, codes, letters, login, lookup};
use crate::news;
use crate::passwords::{self, Verdict};
use crate::platform::{Stored, Unit, unavailable};
use crate::records::{Account, Code, Key, Pending};
use crate::wire::{body, json};

/// Seconds of a minute.
const MINUTE_S: u64 = 60;

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EmailSignUp {
    email: String,
    /// 8 to 256 characters; who gives none signs in by code.
    password: Option<String>,
    /// The name as a whole; or in two parts; or the beginning of the address.
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

/// The digits that were sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailVerification {
    email: String,
    /// Six digits; `otp` is another word for it.
    #[serde(alias = "otp")]
    code: String,
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailSignIn {
    email: String,
    /// Without it, a code is sent.
    password: Option<String>,
}

/// Where to look for a code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeSent {
    message: &'static str,
    /// Seconds that the code is good for.
    expires_in: u64,
}

/// `POST /api/v1/auth/email-signup`
pub(super) async fn sign_up(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let new: EmailSignUp = body(request)?;
    let email = &address(&new.email)?;
    let told = Told {
        name: new.name.as_deref(),
        first: new.first_name.as_deref(),
        last: new.last_name.as_deref(),
    };
    let name = told.name()?.unwrap_or_else(|| Name {
        whole: local_part(email).to_owned(),
        last: None,
    });
    if let Some(password) = &new.password {
        passwords::check("password", password, email)?;
    }
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let before = &codes::waiting(service, &unit, email).await?;
    let pending = &Pending {
        name: name.whole,
        last_name: name.last,
        password: password(service, new.password.as_deref(), before.as_ref()).await?,
    };
    let sent = service.platform.transact(|unit| async move {
        let mut pending = pending.clone();
        if codes::waiting(service, &unit, email).await? != *before {
            pending.password = None;
        }
        match lookup::by_email(&unit, email).await? {
            // The same is written, for nobody to use: a code that was under way stays good.
            Some(known) => {
                codes::decoy(service, &unit, email, Some(pending)).await?;
                unit.post(&letters::account_exists(&known.record)).await
            }
            None => {
                let digits = codes::digits(service, &unit, email, "", Some(pending)).await?;
                unit.post(&letters::one_time_code(email, &digits)).await
            }
        }
    });
    sent.await?;
    told_of_code()
}

/// The hash of the password that an account is to have. Two who sign up with one address at the same time may be two
/// people, and the code comes to one of them: without one and the same password the account has none.
async fn password(
    service: &Accounts,
    new: Option<&str>,
    before: Option<&Pending>,
) -> Result<Option<String>, Problem> {
    let (passwords, random) = (&service.passwords, service.platform.random());
    match (new, before) {
        (None, _) => Ok(None),
        (Some(new), None) => passwords.hash(new, random).await.map(Some),
        (Some(new), Some(Pending { password, .. })) => {
            let verdict = passwords.verify(new, password.as_deref()).await?;
            Ok(password.clone().filter(|_| verdict != Verdict::Wrong))
        }
    }
}

/// `POST /api/v1/auth/email-signin`
pub(super) async fn sign_in(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let EmailSignIn { email, password } = body(request)?;
    if let Some(password) = password {
        let signed_in = login::with_password(service, request, &email, &password, None).await?;
        return json(200, &signed_in);
    }
    let email = &address(&email)?;
    let sent = service.platform.transact(|unit| async move {
        match lookup::admitted(&unit, email).await? {
            Some(known) => {
                let digits = codes::digits(service, &unit, email, &known.id, None).await?;
                unit.post(&letters::one_time_code(email, &digits)).await
            }
            // A sign-up that is under way stays so.
            None => codes::decoy(service, &unit, email, None).await,
        }
    });
    sent.await?;
    told_of_code()
}

/// `POST /api/v1/auth/email-verify`
pub(super) async fn verify(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let EmailVerification { email, code } = body(request)?;
    let (email, digits) = (&address(&email)?, &code);
    let origin = &Origin::of(request);
    let signed_in = service.platform.transact(|unit| async move {
        let (attempts, now) = (attempts::id(Guessed::Code, email), service.platform.now());
        if attempts::are_paused(&unit, &attempts, now).await? {
            return Ok(None);
        }
        let taken = codes::take_digits(service, &unit, email, digits).await?;
        let Some(code) = taken else {
            attempts::count(&unit, &attempts, now).await?;
            return Ok(None);
        };
        attempts::forget(&unit, &attempts).await?;
        enter_by_code(service, &unit, email, code, origin).await
    });
    // The failure is counted by the commit, so it is told only now.
    json(200, &signed_in.await?.ok_or_else(refused)?)
}

async fn enter_by_code(
    service: &Accounts,
    unit: &Unit,
    email: &str,
    code: Code,
    origin: &Origin,
) -> Result<Option<SignedIn>, Problem> {
    let found = lookup::by_email(unit, email).await?;
    let is_new = found.is_none();
    let known = match (found, code.pending) {
        (Some(known), _) => Some(known),
        (None, Some(pending)) => Some(join(service, unit, email, pending).await?),
        (None, None) => None,
    };
    // Digits for one account open no other, should the address have changed hands.
    let is_meant = |known: &Stored<Account>| code.account.is_empty() || code.account == known.id;
    let known = known.filter(|known| is_meant(known) && !known.record.suspended);
    let Some(Stored { id, mut record }) = known else {
        return Ok(None);
    };
    if !record.verified {
        let home = service.home_of(&record);
        news::verified(&service.platform, unit, home, &id, &record)?;
        record.verified = true;
        if !is_new {
            // Whoever made it may have been somebody else: they keep neither password nor sessions nor keys.
            record.password = None;
            delete_all::<Key>(unit, &id).await?;
        }
        end_all(unit, &id, &mut record, None).await?;
        unit.put(&id, &record).await.map_err(unavailable)?;
    }
    let entered = enter(service, unit, &id, record, None, origin).await;
    entered.map(Some)
}

/// Makes the account that was waiting for its code.
async fn join(
    service: &Accounts,
    unit: &Unit,
    email: &str,
    pending: Pending,
) -> Result<Stored<Account>, Problem> {
    let newcomer = Newcomer {
        email: email.to_owned(),
        name: Name {
            whole: pending.name,
            last: pending.last_name,
        },
    };
    let tenant = &service.config.default_tenant;
    let id = newcomer
        .join(service, unit, tenant, pending.password)
        .await?;
    let record: Option<Account> = unit.get(&id).await?;
    let record = record.ok_or_else(refused)?;
    Ok(Stored { id, record })
}

fn told_of_code() -> Result<Response, Problem> {
    let answer = CodeSent {
        message: "If the address is yours, look into your mail.",
        expires_in: codes::CODE_MINUTES * MINUTE_S,
    };
    json(202, &answer)
}
