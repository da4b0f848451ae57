//! The form of an API key: `stoa_<id>_<secret><checksum>`. The prefix lets scanners find leaked ones, and the
//! checksum refuses what was mistyped or cut without asking the store.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use stoa_kernel::hex::hex;
use stoa_kernel::random::Random;

use crate::token;

/// How every key begins.
pub(crate) const PREFIX: &str = "stoa_";

/// Random bytes of a secret: 256 bits.
const SECRET_BYTES: usize = 32;

/// Characters of the secret, in hexadecimal.
const SECRET_CHARS: usize = 2 * SECRET_BYTES;

/// Characters of the checksum: the first of the SHA-256 of what stands between prefix and checksum.
const CHECKSUM_CHARS: usize = 6;

/// Characters of an id, a ULID.
const ID_CHARS: usize = 26;

/// A key taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parts<'k> {
    /// Names the record.
    pub(crate) id: &'k str,
    /// Shows that it is the real one.
    pub(crate) secret: &'k str,
}

/// A fresh key of this id, and what is stored of its secret.
pub(crate) fn fresh(id: &str, random: &dyn Random) -> (String, String) {
    let mut bytes = [0; SECRET_BYTES];
    random.fill(&mut bytes);
    let secret = hex(&bytes);
    let body = format!("{id}_{secret}");
    let key = format!("{PREFIX}{body}{}", checksum(&body));
    (key, token::stored(&secret))
}

/// Takes a key apart, if it could be one.
pub(crate) fn parse(key: &str) -> Option<Parts<'_>> {
    let rest = key.strip_prefix(PREFIX)?;
    let (body, sum) = rest.split_at_checked(rest.len().checked_sub(CHECKSUM_CHARS)?)?;
    let (id, secret) = body.split_once('_')?;
    let fits = id.len() == ID_CHARS
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && secret.len() == SECRET_CHARS
        && checksum(body) == sum;
    fits.then_some(Parts { id, secret })
}

/// Whether this is the secret of which that is stored.
pub(crate) fn is_secret_of(secret: &str, stored: &str) -> bool {
    let presented = token::stored(secret);
    verify_slices_are_equal(presented.as_bytes(), stored.as_bytes()).is_ok()
}

fn checksum(body: &str) -> String {
    let mut sum = token::stored(body);
    sum.truncate(CHECKSUM_CHARS);
    sum
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    struct Counting;

    impl Random for Counting {
        fn fill(&self, into: &mut [u8]) {
            into.iter_mut().zip(0..).for_each(|(to, from)| *to = from);
        }
    }

    #[test]
    fn a_key_comes_apart_into_what_it_was_made_of() {
        let (key, stored) = fresh(ID, &Counting);
        assert!(key.starts_with("stoa_01ARZ3NDEKTSV4RRFFQ69G5FAV_000102"));
        let parts = parse(&key).unwrap();
        assert_eq!(parts.id, ID);
        assert!(is_secret_of(parts.secret, &stored));
        assert!(!is_secret_of(&"0".repeat(SECRET_CHARS), &stored));
        assert!(!stored.contains(parts.secret));
    }

    #[test]
    fn one_wrong_character_anywhere_is_noticed() {
        let (key, _) = fresh(ID, &Counting);
        for (position, character) in key.char_indices() {
            let other = if character == '7' { "8" } else { "7" };
            let mut wrong = key.clone();
            wrong.replace_range(position..=position, other);
            assert_eq!(parse(&wrong), None, "{position}");
        }
        for length in 0..key.len() {
            assert_eq!(parse(key.get(..length).unwrap()), None, "{length}");
        }
        for bad in ["stoa_", "stoa_é_é", "stoa__", &format!("{key}0")] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
