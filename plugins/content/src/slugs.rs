//! Slugs: names for addresses, made from titles, each taken once. One that a text had before leads to it on.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

/// Bytes of a slug: an address that can be read.
const SLUG_BYTES_MAX: usize = 80;

/// Endings that are tried where a title's slug is taken: `-2`, `-3` and so on.
const ENDINGS_MAX: u32 = 50;

/// Slugs that a text keeps from before; older ones are free again.
const FORMER_MAX: usize = 20;

/// All slugs, by shelf and slug: whose each is.
const SLUGS: Collection<Claim> = Collection::new("slugs");

/// What a slug leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claim {
    id: String,
}

/// The slugs of one text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Slugs {
    /// The one it has.
    pub slug: String,
    /// Those it had, the latest last.
    pub former_slugs: Vec<String>,
}

impl Slugs {
    /// Whether it had this slug, and has another one.
    pub fn had(&self, slug: &str) -> bool {
        self.former_slugs.iter().any(|former| former == slug)
    }

    /// The answer to who asks by a slug that it had: where it is now.
    pub fn moved(&self, shelf: &str) -> Response {
        let location = format!("/api/content/{shelf}/{}", self.slug);
        Response {
            status: 301,
            headers: vec![("location".into(), location)],
            body: Vec::new(),
        }
    }
}

/// The id of the text that a slug of a shelf leads to.
pub fn find(shelf: &str, slug: &str) -> Result<Option<String>> {
    if !is_slug(slug) {
        return Ok(None);
    }
    Ok(SLUGS.get(&key(shelf, slug))?.map(|claim| claim.id))
}

/// Takes a slug for a new text: the one asked for, or the first free one that its title makes.
pub fn take(shelf: &str, id: &str, asked: Option<&str>, title: &str) -> Result<Slugs> {
    let slug = match asked {
        Some(asked) => claim_asked(shelf, id, asked)?,
        None => claim_titled(shelf, id, title)?,
    };
    let former_slugs = Vec::new();
    Ok(Slugs { slug, former_slugs })
}

/// Gives a text another slug; the one that it had leads to it on.
pub fn change(shelf: &str, id: &str, slugs: Slugs, asked: &str) -> Result<Slugs> {
    if slugs.slug == asked {
        return Ok(slugs);
    }
    let slug = claim_asked(shelf, id, asked)?;
    let mut former = slugs.former_slugs;
    former.retain(|known| *known != slug);
    former.push(slugs.slug);
    while former.len() > FORMER_MAX {
        SLUGS.delete(&key(shelf, &former.remove(0)))?;
    }
    Ok(Slugs {
        slug,
        former_slugs: former,
    })
}

/// Frees all slugs of a text that goes.
pub fn free(shelf: &str, slugs: &Slugs) -> Result<()> {
    for slug in slugs.former_slugs.iter().chain([&slugs.slug]) {
        SLUGS.delete(&key(shelf, slug))?;
    }
    Ok(())
}

fn claim_asked(shelf: &str, id: &str, asked: &str) -> Result<String> {
    if !is_slug(asked) {
        let detail = format!(
            "slug has 1 to {SLUG_BYTES_MAX} lower-case letters and digits, and single hyphens between them."
        );
        return Err(Problem::invalid("slug", detail));
    }
    if claim(shelf, id, asked)? {
        return Ok(asked.to_owned());
    }
    let detail = "Something else has or had this slug.";
    Err(Problem::conflict("slug-taken", detail).with_field("slug"))
}

fn claim_titled(shelf: &str, id: &str, title: &str) -> Result<String> {
    let base = of_title(title);
    if claim(shelf, id, &base)? {
        return Ok(base);
    }
    for ending in 2..=ENDINGS_MAX {
        let slug = format!("{base}-{ending}");
        if claim(shelf, id, &slug)? {
            return Ok(slug);
        }
    }
    // Whatever is so common gets a name of its own.
    let slug = format!("{base}-{}", id.to_lowercase());
    claim_asked(shelf, id, &slug)
}

/// Makes the slug the text's; false if it is another's.
fn claim(shelf: &str, id: &str, slug: &str) -> Result<bool> {
    let key = key(shelf, slug);
    match SLUGS.get(&key)? {
        Some(claim) => Ok(claim.id == id),
        None => {
            SLUGS.create(&key, &Claim { id: id.to_owned() })?;
            Ok(true)
        }
    }
}

fn key(shelf: &str, slug: &str) -> String {
    format!("{shelf}:{slug}")
}

/// Whether a text can be a slug.
fn is_slug(text: &str) -> bool {
    let is_word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= SLUG_BYTES_MAX && text.split('-').all(is_word)
}

/// Bytes of a slug that a title makes: room is left for an ending, even for a whole id.
const TITLED_BYTES_MAX: usize = 50;

/// A title in Latin letters and digits, with hyphens between its words.
fn of_title(title: &str) -> String {
    let mut latin = String::with_capacity(title.len());
    for c in title.to_lowercase().nfkd() {
        push_latin(&mut latin, c);
    }
    let words = latin.split(|c: char| !c.is_ascii_alphanumeric());
    let mut slug = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if slug.len() + word.len() >= TITLED_BYTES_MAX && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug.truncate(TITLED_BYTES_MAX);
    if slug.is_empty() {
        "untitled".into()
    } else {
        slug
    }
}

/// Adds a letter of a decomposed text. Accents go, and so do apostrophes: what's belongs together. The Latin letters
/// that Unicode takes for whole ones are spelled out; those of other scripts are no letters of a slug.
fn push_latin(slug: &mut String, c: char) {
    match c {
        '\'' | '\u{2019}' | '\u{300}'..='\u{36f}' => {}
        'ß' => slug.push_str("ss"),
        'æ' => slug.push_str("ae"),
        'œ' => slug.push_str("oe"),
        'þ' => slug.push_str("th"),
        'ø' => slug.push('o'),
        'đ' | 'ð' => slug.push('d'),
        'ł' => slug.push('l'),
        'ı' => slug.push('i'),
        _ => slug.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_make_slugs_that_can_be_typed() {
        for (title, slug) in [
            ("Hello, World!", "hello-world"),
            (" Größe & Maß ", "grosse-mass"),
            ("C++ in 2026: what's new?", "c-in-2026-whats-new"),
            ("Œuvre à Łódź: l’été", "oeuvre-a-lodz-lete"),
            ("日本", "untitled"),
            ("!!!", "untitled"),
        ] {
            assert_eq!(of_title(title), slug);
            assert!(is_slug(slug));
        }
        for long in ["word ".repeat(40), "x".repeat(200)] {
            let slug = of_title(&long);
            assert!(is_slug(&slug) && slug.len() <= TITLED_BYTES_MAX, "{slug}");
        }
    }

    #[test]
    fn slugs_are_plain() {
        for slug in ["", "-a", "a-", "a--b", "A", "a b", "a/b", "ä", "a.b"] {
            assert!(!is_slug(slug), "{slug}");
        }
        assert!(!is_slug(&"x".repeat(SLUG_BYTES_MAX + 1)));
    }
}
