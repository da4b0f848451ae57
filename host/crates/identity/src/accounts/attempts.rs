//! How often somebody may guess at one address: after a few failures longer and longer pauses, but never for good,
//! lest strangers lock people out. Addresses without an account count alike.

use stoa_kernel::clock::Millis;
use stoa_kernel::error::Problem;

use super::token;
use crate::platform::{Unit, unavailable};
use crate::records::Attempts;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 5;

/// The longest pause, in milliseconds: some 300 guesses a day, and no long wait for the person whose account it is.
const PAUSE_MS_MAX: Millis = 300_000;

/// Failures are forgotten a day after the last one.
const REMEMBERED_MS: Millis = 86_400_000;

/// What is guessed: each is counted for itself, so that wrong passwords don't keep codes from working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guessed {
    Password,
    /// The same by somebody who is signed in: what strangers try does not keep them from it.
    PasswordAgain,
    Code,
}

/// The record's id.
pub(super) fn id(guessed: Guessed, email: &str) -> String {
    let word = match guessed {
        Guessed::Password => "password",
        Guessed::PasswordAgain => "password-again",
        Guessed::Code => "code",
    };
    token::stored(&format!("{word}\n{email}"))
}

/// Whether nothing is tried at this time.
pub(super) async fn are_paused(unit: &Unit, id: &str, now: Millis) -> Result<bool, Problem> {
    let attempts: Option<Attempts> = unit.get(id).await?;
    // A longer pause is of a clock that was set back since.
    let pauses = |until: Millis| until > now && until - now <= PAUSE_MS_MAX;
    Ok(attempts.is_some_and(|attempts| pauses(attempts.locked_until)))
}

/// Counts a failure.
pub(super) async fn count(unit: &Unit, id: &str, now: Millis) -> Result<(), Problem> {
    let attempts: Attempts = unit.get(id).await?.unwrap_or_default();
    let failures = attempts.failures.saturating_add(1);
    let attempts = Attempts {
        failures,
        locked_until: now.saturating_add(pause_ms(failures)),
        ends_at: now.saturating_add(REMEMBERED_MS),
    };
    unit.put(id, &attempts).await.map_err(unavailable)
}

/// Forgets the failures.
pub(super) async fn forget(unit: &Unit, id: &str) -> Result<(), Problem> {
    if unit.get::<Attempts>(id).await?.is_some() {
        unit.delete::<Attempts>(id).await?;
    }
    Ok(())
}

/// Nothing at first, then a second, doubled by each failure.
fn pause_ms(failures: u32) -> Millis {
    let Some(doublings) = failures.checked_sub(FREE) else {
        return 0;
    };
    1_000_u64
        .checked_mul(1_u64.checked_shl(doublings).unwrap_or(PAUSE_MS_MAX))
        .unwrap_or(PAUSE_MS_MAX)
        .min(PAUSE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound() {
        let pauses: Vec<Millis> = (0..9).map(pause_ms).collect();
        assert_eq!(pauses, [0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
        for many in [14, 64, 69, 100, u32::MAX] {
            assert_eq!(pause_ms(many), PAUSE_MS_MAX, "{many}");
        }
    }

    #[test]
    fn passwords_and_codes_are_counted_apart() {
        let ids = BTreeSet::from([
            id(Guessed::Password, "a@b.example"),
            id(Guessed::PasswordAgain, "a@b.example"),
            id(Guessed::Code, "a@b.example"),
            id(Guessed::Code, "b@b.example"),
        ]);
        assert_eq!(ids.len(), 4);
    }
}
