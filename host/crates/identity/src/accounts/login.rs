//! Signing in with a password. Known and unknown addresses get one answer at one cost.

use serde::Deserialize;
use stoa_kernel::call::{Request, Response};
use stoa_kernel::error::Problem;
use utoipa::ToSchema;

use super::address::address;
use super::attempts::{self, Guessed};
use super::sign_in::{Origin, enter, refused};
use super::{Accounts, SignedIn, lookup};
use crate::passwords::Verdict;
use crate::platform::{Unit, unavailable};
use crate::records::Account;
use crate::wire::{body, json};

/// Who signs in, and where they want to work.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Login {
    email: String,
    password: String,
    /// Id of an organisation; the one used last, if absent.
    organization: Option<String>,
}

/// `POST /api/auth/login`
pub(super) async fn login(service: &Accounts, request: &Request) -> Result<Response, Problem> {
    let login: Login = body(request)?;
    let wanted = login.organization.as_deref();
    let signed_in = with_password(service, request, &login.email, &login.password, wanted).await?;
    json(200, &signed_in)
}

/// Signs in with a password.
///
/// # Errors
/// One 401 for a wrong password, an unknown address, a suspended account and too many failures.
pub(super) async fn with_password(
    service: &Accounts,
    request: &Request,
    email: &str,
    password: &str,
    wanted: Option<&str>,
) -> Result<SignedIn, Problem> {
    let (platform, origin) = (&service.platform, &Origin::of(request));
    let email = &address(email)?;
    let proof = &prove(service, email, password).await?;
    let signed_in = platform.transact(|unit| async move {
        match admit(service, &unit, Guessed::Password, email, proof).await? {
            None => Ok(None),
            Some((id, account)) => {
                let entered = enter(service, &unit, &id, account, wanted, origin).await;
                entered.map(Some)
            }
        }
    });
    // The failure is counted by the commit, so it is told only now.
    signed_in.await?.ok_or_else(refused)
}

/// What the hash has shown, before anything is written.
pub(super) struct Proof {
    /// The account and the hash that the password belongs to.
    shown: Option<(String, String)>,
    /// A better hash of it.
    better: Option<String>,
}

/// Pays for a hash in any case.
pub(super) async fn prove(
    service: &Accounts,
    email: &str,
    password: &str,
) -> Result<Proof, Problem> {
    let unit = service.platform.unit().await.map_err(unavailable)?;
    let known = lookup::admitted(&unit, email).await?;
    let known = known.and_then(|known| Some((known.id, known.record.password?)));
    let hash = known.as_ref().map(|(_, hash)| hash.as_str());
    let verdict = service.passwords.verify(password, hash).await?;
    let better = match verdict {
        Verdict::Outdated => {
            let random = service.platform.random();
            Some(service.passwords.hash(password, random).await?)
        }
        Verdict::Right | Verdict::Wrong => None,
    };
    Ok(Proof {
        shown: known.filter(|_| verdict != Verdict::Wrong),
        better,
    })
}

/// The account that was proved, its failures forgotten; none when it was not, which counts as a failure. During
/// a pause nothing is admitted and nothing counts: however many try at once, they learn nothing.
pub(super) async fn admit(
    service: &Accounts,
    unit: &Unit,
    guessed: Guessed,
    email: &str,
    proof: &Proof,
) -> Result<Option<(String, Account)>, Problem> {
    let (attempts, now) = (attempts::id(guessed, email), service.platform.now());
    if attempts::are_paused(unit, &attempts, now).await? {
        return Ok(None);
    }
    let Some((id, hash)) = &proof.shown else {
        attempts::count(unit, &attempts, now).await?;
        return Ok(None);
    };
    let account: Option<Account> = unit.get(id).await?;
    // It may have been changed, suspended or deleted since.
    let account =
        account.filter(|account| !account.suspended && account.password.as_ref() == Some(hash));
    let Some(mut account) = account else {
        return Ok(None);
    };
    attempts::forget(unit, &attempts).await?;
    if let Some(better) = &proof.better {
        account.password = Some(better.clone());
        unit.put(id, &account).await.map_err(unavailable)?;
    }
    Ok(Some((id.clone(), account)))
}
