//! How tenants, collections and fields are called in the database. Every name here is injective, and no text
//! of a plugin becomes text of a statement without passing through.

use std::fmt::Write as _;

use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::query::Path;
use stoa_kernel::store::StoreError;

/// Events that were raised and not yet handled.
pub(crate) const OUTBOX: &str = "_outbox";
/// Events that are due later, in the order of their times.
pub(crate) const LATER: &str = "_later";
/// Marks of events that a subscriber has handled while others have not.
pub(crate) const HANDLED: &str = "_handled";
/// Events that have just come from the platform's outbox and may not have left it yet.
pub(crate) const ARRIVED: &str = "_arrived";
/// Answers stored under idempotency keys.
pub(crate) const ANSWERS: &str = "_idem";
/// How large documents get, by table.
pub(crate) const SIZES: &str = "_sizes";
/// What is defined in the database, by plugin.
pub(crate) const DEFINED: &str = "_defined";

/// The database of what belongs to no tenant.
pub(crate) const PLATFORM: &str = "platform";

/// A tenant's database. A tenant's id has no `_`.
pub(crate) fn database(tenant: &TenantId) -> String {
    if tenant.is_platform() {
        return PLATFORM.to_owned();
    }
    format!("t_{}", tenant.as_str().replace('-', "_"))
}

/// A collection's table. A plugin's name has neither `_` nor capitals, so the first `_` after the prefix
/// ends it.
pub(crate) fn table(collection: &CollectionName) -> Result<String, StoreError> {
    let plugin_ok = is_word(&collection.plugin, |b| b == b'-');
    let name_ok = is_word(&collection.name, |b| b == b'_');
    if plugin_ok && name_ok {
        Ok(format!(
            "c_{}_{}",
            collection.plugin.replace('-', "D"),
            collection.name
        ))
    } else {
        Err(StoreError::Invalid(format!(
            "{:?} of {:?} is no collection's name",
            collection.name, collection.plugin
        )))
    }
}

fn is_word(text: &str, extra: impl Fn(u8) -> bool) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || extra(b))
}

/// A field as an expression over a row.
pub(crate) fn column(path: &Path) -> String {
    if path.is_id() {
        return "id".into();
    }
    path.segments()
        .fold(String::from("doc"), |mut column, segment| {
            // Writing to a string can't fail.
            let _ = write!(column, ".`{segment}`");
            column
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_stay_apart() {
        let table = |plugin, name| table(&CollectionName::new(plugin, name)).unwrap();
        assert_ne!(table("a-b", "c"), table("a", "b_c"));
        assert_ne!(table("a", "d_c"), table("a-", "c"));
        assert!(super::table(&CollectionName::new("a`b", "c")).is_err());
        assert!(super::table(&CollectionName::new("A", "c")).is_err());
    }

    #[test]
    fn a_field_is_quoted_segment_by_segment() {
        assert_eq!(
            column(&Path::parse("price.value").unwrap()),
            "doc.`price`.`value`"
        );
        assert_eq!(column(&Path::parse("id").unwrap()), "id");
    }
}
