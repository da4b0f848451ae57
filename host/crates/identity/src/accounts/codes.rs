//! Secrets that are sent by mail and good once: links, and six digits.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;
use stoa_kernel::query::Filter;
use stoa_kernel::random::Random;

use super::filters::equal;
use super::{Accounts, token};
use crate::platform::{Unit, unavailable};
use crate::records::{Code, Pending, Purpose};

/// How long a link is good that verifies an address: until tomorrow's look into the mail.
const VERIFY_MS: Millis = 24 * 3_600_000;

/// How long a link is good that sets a password: whoever asks for one waits for it.
pub(super) const RESET_MINUTES: u64 = 30;

/// How long six digits are good (ASVS 6.5.5).
pub(super) const CODE_MINUTES: u64 = 10;

/// Wrong tries after which six digits are void.
const TRIES_MAX: u32 = 5;

const MINUTE_MS: Millis = 60_000;

/// A link's secret for an account, or for a name that stands for nobody's. Earlier ones of the purpose end.
pub(super) async fn link(
    service: &Accounts,
    unit: &Unit,
    purpose: Purpose,
    account: &str,
) -> Result<String, Problem> {
    end_links(unit, purpose, account).await?;
    let secret = token::fresh(service.platform.random());
    let id = token::stored(&secret);
    let lives_ms = match purpose {
        Purpose::ResetPassword => RESET_MINUTES * MINUTE_MS,
        Purpose::VerifyEmail | Purpose::OneTimeCode => VERIFY_MS,
    };
    let now = service.platform.now();
    let code = Code {
        purpose,
        account: account.to_owned(),
        secret: id.clone(),
        pending: None,
        tries: 0,
        created_at: now,
        ends_at: now.saturating_add(lives_ms),
    };
    unit.put(&id, &code).await.map_err(unavailable)?;
    Ok(secret)
}

/// Ends the links of a purpose.
pub(super) async fn end_links(unit: &Unit, purpose: Purpose, account: &str) -> Result<(), Problem> {
    for code in unit.all::<Code>(of(purpose, account)?).await? {
        unit.delete::<Code>(&code.id).await?;
    }
    Ok(())
}

/// The account of a link's secret, if it is good.
pub(super) async fn peek(
    service: &Accounts,
    unit: &Unit,
    purpose: Purpose,
    secret: &str,
) -> Result<String, Problem> {
    let code: Option<Code> = unit.get(&token::stored(secret)).await?;
    code.filter(|code| code.purpose == purpose && code.ends_at > service.platform.now())
        .map(|code| code.account)
        .ok_or_else(bad_link)
}

/// The same, and the secret is good no more. Of those who try at once one succeeds: each has read what the
/// first one to commit deletes.
pub(super) async fn take(
    service: &Accounts,
    unit: &Unit,
    purpose: Purpose,
    secret: &str,
) -> Result<String, Problem> {
    let account = peek(service, unit, purpose, secret).await?;
    unit.delete::<Code>(&token::stored(secret)).await?;
    Ok(account)
}

/// 400 for a link that is unknown, used, replaced or over.
pub(super) fn bad_link() -> Problem {
    Problem::new(
        400,
        "invalid-link",
        "This link is not good any more: ask for another one.",
    )
}

/// Six digits for an address; those before are void. `account` is empty while there is none.
pub(super) async fn digits(
    service: &Accounts,
    unit: &Unit,
    email: &str,
    account: &str,
    pending: Option<Pending>,
) -> Result<String, Problem> {
    let digits = fresh_digits(service.platform.random());
    let code = with_digits(service, email, account, &digits, pending);
    let put = unit.put(&digits_id(email), &code).await;
    put.map_err(unavailable)?;
    Ok(digits)
}

/// Who signs up with an address and has not been heard of since, whether or not the address is known. Nobody makes others
/// forgotten by trying wrong digits.
pub(super) async fn waiting(
    service: &Accounts,
    unit: &Unit,
    email: &str,
) -> Result<Option<Pending>, Problem> {
    let mut waiting = None;
    // Both are read in any case, so that both cost the same.
    for id in [digits_id(email), decoy_id(email)] {
        let code: Option<Code> = unit.get(&id).await?;
        let code = code.filter(|code| code.ends_at > service.platform.now());
        waiting = waiting.or(code.and_then(|code| code.pending));
    }
    Ok(waiting)
}

/// Writes what [`digits`] would, where nobody ever looks for it: so that both cost the same.
pub(super) async fn decoy(
    service: &Accounts,
    unit: &Unit,
    email: &str,
    pending: Option<Pending>,
) -> Result<(), Problem> {
    let digits = fresh_digits(service.platform.random());
    let code = with_digits(service, email, "", &digits, pending);
    let put = unit.put(&decoy_id(email), &code).await;
    put.map_err(unavailable)
}

fn with_digits(
    service: &Accounts,
    email: &str,
    account: &str,
    digits: &str,
    pending: Option<Pending>,
) -> Code {
    let now = service.platform.now();
    Code {
        purpose: Purpose::OneTimeCode,
        account: account.to_owned(),
        secret: hashed(email, account, digits),
        pending,
        tries: 0,
        created_at: now,
        ends_at: now.saturating_add(CODE_MINUTES * MINUTE_MS),
    }
}

/// What was sent with these digits, which are good no more; none if they are not good. A wrong try is counted
/// by the caller's commit.
pub(super) async fn take_digits(
    service: &Accounts,
    unit: &Unit,
    email: &str,
    digits: &str,
) -> Result<Option<Code>, Problem> {
    let id = digits_id(email);
    let code: Option<Code> = unit.get(&id).await?;
    let is_good = |code: &Code| code.ends_at > service.platform.now() && code.tries < TRIES_MAX;
    let Some(mut code) = code.filter(is_good) else {
        return Ok(None);
    };
    let tried = hashed(email, &code.account, digits);
    if verify_slices_are_equal(tried.as_bytes(), code.secret.as_bytes()).is_ok() {
        unit.delete::<Code>(&id).await?;
        return Ok(Some(code));
    }
    // One that is void stays until its time is up: see [`waiting`].
    code.tries = code.tries.saturating_add(1);
    unit.put(&id, &code).await.map_err(unavailable)?;
    Ok(None)
}

/// Ends the digits of an address.
pub(super) async fn end_digits(unit: &Unit, email: &str) -> Result<(), Problem> {
    unit.delete::<Code>(&digits_id(email)).await.map(drop)
}

/// One at a time and address.
fn digits_id(email: &str) -> String {
    token::stored(&format!("digits\n{email}"))
}

/// Nobody looks there for digits.
fn decoy_id(email: &str) -> String {
    token::stored(&format!("nobody\n{email}"))
}

/// Bound to address, account and purpose.
fn hashed(email: &str, account: &str, digits: &str) -> String {
    token::stored(&format!("one-time-code\n{email}\n{account}\n{digits}"))
}

/// Of 2^64 numbers a million has an equal share, but for some 10^-13.
fn fresh_digits(random: &dyn Random) -> String {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    format!("{:06}", u64::from_le_bytes(bytes) % 1_000_000)
}

fn of(purpose: Purpose, account: &str) -> Result<Filter, Problem> {
    equal(&[("account", account), ("purpose", purpose.as_str())])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed([u8; 8]);

    impl Random for Fixed {
        fn fill(&self, into: &mut [u8]) {
            into.iter_mut()
                .zip(self.0)
                .for_each(|(to, from)| *to = from);
        }
    }

    #[test]
    fn there_are_always_six_digits() {
        for (number, digits) in [
            (0_u64, "000000"),
            (12_345, "012345"),
            (999_999, "999999"),
            (1_000_001, "000001"),
        ] {
            assert_eq!(fresh_digits(&Fixed(number.to_le_bytes())), digits);
        }
    }

    #[test]
    fn digits_are_bound_to_address_and_account() {
        let bound = hashed("a@b.example", "1", "012345");
        assert_ne!(bound, hashed("b@b.example", "1", "012345"));
        assert_ne!(bound, hashed("a@b.example", "2", "012345"));
        assert_ne!(bound, hashed("a@b.example", "1", "012346"));
    }
}
