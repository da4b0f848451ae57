//! What one revision has that another has not.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stoa_kernel::wit::{Manifest, Permission};
use utoipa::ToSchema;

/// How a revision differs from another; all is added when there is no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The version that it is compared with.
    pub from: Option<String>,
    /// The version.
    pub to: String,
    /// What it asks to be allowed. An upgrade that adds some waits for approval.
    pub permissions: Changes,
    /// `METHOD path`; changed ones have other callers, types or handlers.
    pub routes: Changes,
    /// Events that it raises.
    pub raises: Changes,
    /// Events that it hears.
    pub hears: Changes,
    /// Names of settings.
    pub settings: Changes,
    /// Names of collections.
    pub collections: Changes,
    /// Steps that documents go, such as `2 notes: rename text to body`, with what can't come back.
    pub migrations: Changes,
}

/// What came, went and is another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Changes {
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<String>,
}

impl Diff {
    /// From one manifest to another.
    #[must_use]
    pub fn between(from: Option<&Manifest>, to: &Manifest) -> Self {
        fn each<T: PartialEq>(
            from: Option<&Manifest>,
            to: &Manifest,
            of: impl Fn(&Manifest) -> BTreeMap<String, T>,
        ) -> Changes {
            changes(&from.map(&of).unwrap_or_default(), &of(to))
        }
        Self {
            from: from.map(|manifest| manifest.version.clone()),
            to: to.version.clone(),
            permissions: each(from, to, |manifest| words(&manifest.permissions())),
            routes: each(from, to, |manifest| {
                let routes = manifest.routes.iter();
                routes
                    .map(|route| (format!("{} {}", route.method, route.path), route.clone()))
                    .collect()
            }),
            raises: each(from, to, |manifest| plain(manifest.raises.iter())),
            hears: each(from, to, |manifest| {
                plain(manifest.subscriptions.iter().map(|heard| &heard.event))
            }),
            settings: each(from, to, |manifest| {
                manifest.settings.clone().into_iter().collect()
            }),
            collections: each(from, to, |manifest| {
                manifest.collections.clone().into_iter().collect()
            }),
            migrations: each(from, to, |manifest| {
                let steps = manifest.migrations.iter();
                steps.map(|step| (step.to_string(), ())).collect()
            }),
        }
    }
}

fn words(permissions: &BTreeSet<Permission>) -> BTreeMap<String, ()> {
    let words = permissions.iter();
    words.map(|word| (word.to_string(), ())).collect()
}

fn plain<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, ()> {
    names.map(|name| (name.clone(), ())).collect()
}

fn changes<T: PartialEq>(from: &BTreeMap<String, T>, to: &BTreeMap<String, T>) -> Changes {
    let names = |of: &BTreeMap<String, T>, wanted: &dyn Fn(&String, &T) -> bool| {
        let found = of.iter().filter(|(name, value)| wanted(name, value));
        found.map(|(name, _)| name.clone()).collect()
    };
    Changes {
        added: names(to, &|name, _| !from.contains_key(name)),
        removed: names(from, &|name, _| !to.contains_key(name)),
        changed: names(to, &|name, value| {
            from.get(name).is_some_and(|before| before != value)
        }),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_comes_goes_and_changes_is_named() {
        let manifest = |text: &str| Manifest::from_toml(text).unwrap();
        let old = manifest(
            r#"
            name = "notes"
            version = "1.0.0"
            capabilities = ["storage"]
            [[route]]
            method = "GET"
            path = "/api/notes"
            handler = "list"
            callers = ["user"]
            [collections.notes]
            [[migrations]]
            step = 1
            collection = "notes"
            up = [{ rename = { from = "text", to = "body" } }, { remove = { field = "color" } }]
            "#,
        );
        let new = manifest(
            r#"
            name = "notes"
            version = "1.1.0"
            capabilities = ["cache"]
            raises = ["note.written"]
            [[route]]
            method = "GET"
            path = "/api/notes"
            handler = "list"
            callers = ["public"]
            "#,
        );
        let diff = Diff::between(Some(&old), &new);
        assert_eq!(
            diff.permissions.added,
            ["capability:cache", "raises:note.written"]
        );
        assert_eq!(diff.permissions.removed, ["capability:storage"]);
        assert_eq!(diff.routes.changed, ["GET /api/notes"]);
        assert_eq!(diff.collections.removed, ["notes"]);
        assert_eq!(diff.raises.added, ["note.written"]);
        let first = Diff::between(None, &old);
        let step = "1 notes: rename text to body, remove color (color can't come back)";
        assert_eq!(first.migrations.added, [step]);
        assert_eq!(first.routes.added, ["GET /api/notes"]);
        assert_eq!((first.from, first.to.as_str()), (None, "1.0.0"));
    }
}
