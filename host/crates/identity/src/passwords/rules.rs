//! Which passwords are taken: any characters, long enough, and not what everybody guesses first.

use stoa_kernel::error::Problem;

use super::common::COMMON;

/// Characters of a password at least (ASVS 6.2.1).
const CHARS_MIN: usize = 8;

/// Characters at most: ample for any pass phrase, little enough that hashing it costs nothing more.
const CHARS_MAX: usize = 256;

/// Refuses what can't be the password of this address; `field` is the member that held it.
///
/// # Errors
/// 400 naming the member.
pub(crate) fn check(field: &str, password: &str, email: &str) -> Result<(), Problem> {
    let chars = password.chars().count();
    if !(CHARS_MIN..=CHARS_MAX).contains(&chars) {
        let detail = format!("A password has {CHARS_MIN} to {CHARS_MAX} characters.");
        return Err(Problem::invalid(field, detail));
    }
    let lower = password.to_lowercase();
    let uniform = password.chars().all(|c| password.starts_with(c));
    if uniform || lower == email || COMMON.binary_search(&lower.as_str()).is_ok() {
        let detail = "This password is too easy to guess.";
        return Err(Problem::invalid(field, detail));
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_guesses_first_is_taken_whatever_it_is_made_of() {
        for good in [
            "correct horse",
            "        x",
            "pässwörter",
            "\u{1F511}\u{1F512}\u{1F513}\u{1F510}\u{1F5DD}\u{1F6AA}\u{1F3E0}\u{1F3E1}",
            &"ab".repeat(128),
        ] {
            check("password", good, "ada@example.com").unwrap();
        }
    }

    #[test]
    fn what_is_short_long_or_common_is_refused_by_the_members_name() {
        for bad in [
            "",
            "1234567",
            &"ab".repeat(129),
            "password",
            "PassWord",
            "12345678",
            "iloveyou1",
            "aaaaaaaaaa",
            "Ada@Example.com",
        ] {
            let problem = check("newPassword", bad, "ada@example.com").unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some("newPassword")),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_only_what_the_length_admits() {
        assert!(COMMON.is_sorted(), "it is searched by halves");
        assert!(COMMON.len() >= 100);
        for known in COMMON {
            assert!(
                known.chars().count() >= CHARS_MIN && known.to_lowercase() == *known,
                "{known}"
            );
        }
    }
}
