//! What organisations are called, and the tenant ids that are made of it.

use stoa_kernel::error::Problem;
use stoa_kernel::id::TenantId;
use stoa_kernel::random::Random;

use crate::platform::{Platform, Unit};
use crate::records::Organization;

/// Characters of a name: what fits a heading.
const NAME_CHARS_MAX: usize = 100;

/// Bytes of an id that come from the name: short enough to be read, with room for a suffix within 63.
const SLUG_BYTES_MAX: usize = 48;

/// Characters of a suffix: 30 bits, so that another try is almost never needed.
const SUFFIX_CHARS: usize = 6;

/// Suffixes that are tried: so many that are all taken mean that something else is wrong.
const TRIES_MAX: u32 = 8;

/// No letter that looks like another one.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Seconds after which founding may be tried again.
const RETRY_AFTER_S: u32 = 1;

/// Ids that would pass for the platform's own: as names of hosts, in links, or as a setting's default.
const RESERVED: &[&str] = &[
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "cdn",
    "default",
    "demo",
    "dev",
    "docs",
    "ftp",
    "health",
    "help",
    "host",
    "internal",
    "localhost",
    "login",
    "mail",
    "main",
    "master",
    "metrics",
    "none",
    "null",
    "org",
    "organization",
    "platform",
    "public",
    "root",
    "security",
    "signup",
    "smtp",
    "static",
    "status",
    "stoa",
    "support",
    "system",
    "tenant",
    "test",
    "undefined",
    "www",
];

/// A name without white space around it.
pub(super) fn name(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Problem::invalid(
            "name",
            format!("A name has 1 to {NAME_CHARS_MAX} characters."),
        ))
    }
}

/// A tenant id that no organisation has: the name's slug, with a suffix where that is taken or reserved.
pub(super) async fn unused_id(
    platform: &Platform,
    unit: &Unit,
    name: &str,
) -> Result<TenantId, Problem> {
    let slug = slug(name);
    let mut candidate = slug.clone();
    for _ in 0..=TRIES_MAX {
        if let Ok(tenant) = TenantId::parse(&candidate)
            && !RESERVED.contains(&tenant.as_str())
            && !platform.is_reserved(&tenant)
            && unit.get::<Organization>(tenant.as_str()).await?.is_none()
        {
            return Ok(tenant);
        }
        candidate = format!("{slug}-{}", suffix(platform.random()));
    }
    let reason = format!("no free tenant id was found for {slug}");
    Err(Problem::unavailable(RETRY_AFTER_S, reason))
}

/// Lower-case letters and digits of ASCII, joined by single hyphens; `org` if nothing is left.
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(SLUG_BYTES_MAX);
    match slug.trim_end_matches('-') {
        "" => "org".to_owned(),
        slug => slug.to_owned(),
    }
}

fn suffix(random: &dyn Random) -> String {
    let mut bytes = [0; SUFFIX_CHARS];
    random.fill(&mut bytes);
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied();
    bytes.iter().filter_map(letter).map(char::from).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_what_is_left_of_a_name() {
        for (name, expected) in [
            ("Acme", "acme"),
            ("  Acme & Sons, Ltd. ", "acme-sons-ltd"),
            ("--a--", "a"),
            ("Größe 7", "gr-e-7"),
            ("株式会社", "org"),
            ("_platform", "platform"),
            ("../../etc", "etc"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        let long = slug(&"x ".repeat(100));
        assert!(TenantId::parse(&format!("{long}-abcdef")).is_ok(), "{long}");
        assert!(!long.ends_with('-'));
    }

    #[test]
    fn every_reserved_word_could_be_an_id_and_they_are_sorted() {
        assert!(RESERVED.iter().all(|word| TenantId::parse(word).is_ok()));
        assert!(RESERVED.is_sorted());
        assert!(
            RESERVED.contains(&slug("").as_str()),
            "an empty slug gets a suffix"
        );
        assert!(RESERVED.contains(&TenantId::default().as_str()));
    }

    #[test]
    fn a_name_is_bounded() {
        assert_eq!(name(" Acme ").unwrap(), "Acme");
        assert!(name(&"é".repeat(100)).is_ok());
        for bad in ["", "   ", "a\u{0}b", "a\nb", &"é".repeat(101)] {
            assert_eq!(name(bad).unwrap_err().field.as_deref(), Some("name"));
        }
    }
}
