//! Steps that bring a collection's documents from one shape to the next, and back. The host carries them out; no code
//! of the plugin runs for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Collection, ManifestError, invalid};
use crate::value::is_path;

/// Steps of one plugin: every week a change for four years. All of them stay in the manifest, for tenants whose data is
/// older than anybody remembers.
pub const MIGRATIONS_MAX: usize = 200;

/// Operations of one step, in each direction.
pub const OPERATIONS_MAX: usize = 16;

/// One step. The number of the last one is the revision of the plugin's data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Counts the plugin's steps, from 1, without gaps. A step that was published is never changed.
    pub step: u32,
    /// The collection whose documents it changes.
    pub collection: String,
    /// What is done to each document, in this order.
    pub up: Vec<Operation>,
    /// What undoes it. Absent: what [`Operation::inverse`] says, in the opposite order; what has no inverse stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Vec<Operation>>,
}

/// What the host does to a document. A field is a dotted path; one that is null counts as missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Operation {
    /// A field gets another name within the object that it is in. Nothing happens where it is missing; a document that
    /// has both can't be migrated.
    Rename {
        /// The field.
        from: String,
        /// What it is called afterwards.
        to: String,
    },
    /// A field is there afterwards. Nothing happens where it is there already, and where the object is missing that it
    /// would be in.
    Add {
        /// The field.
        field: String,
        /// Its value; not null.
        value: Value,
    },
    /// A field is gone afterwards, and its values with it.
    Remove {
        /// The field.
        field: String,
    },
}

impl Operation {
    /// What undoes it; none for what throws away.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::Rename { from, to } => Some(Self::Rename {
                from: to.clone(),
                to: from.clone(),
            }),
            Self::Add { field, .. } => Some(Self::Remove {
                field: field.clone(),
            }),
            Self::Remove { .. } => None,
        }
    }

    fn check(&self, place: &str) -> Result<(), ManifestError> {
        let is_field = |member: &str, field: &str| match is_path(field) {
            true => Ok(()),
            false => invalid(format!("{place}.{member}: {field:?} is no field path")),
        };
        match self {
            Self::Rename { from, to } => {
                is_field("rename.from", from)?;
                is_field("rename.to", to)?;
                if from == to || parent(from) != parent(to) {
                    return invalid(format!(
                        "{place}.rename.to: {to:?} is no other name within the object in which {from:?} is"
                    ));
                }
            }
            Self::Add { field, value } => {
                is_field("add.field", field)?;
                if value.is_null() {
                    return invalid(format!("{place}.add.value: null is as good as nothing"));
                }
            }
            Self::Remove { field } => is_field("remove.field", field)?,
        }
        Ok(())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { from, to } => write!(f, "rename {from} to {to}"),
            Self::Add { field, value } => write!(f, "add {field} = {value}"),
            Self::Remove { field } => write!(f, "remove {field}"),
        }
    }
}

/// What a step did to a document on its way up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Whether it is another one now.
    pub is_changed: bool,
    /// Whether it had something that can't come back.
    pub has_lost: bool,
}

/// Why a document can't be migrated; it names fields and none of their values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a document has both {0} and {1}")]
pub struct BothFields(pub String, pub String);

impl Migration {
    /// What is done on the way back.
    #[must_use]
    pub fn way_back(&self) -> Vec<Operation> {
        match &self.down {
            Some(written) => written.clone(),
            None => self
                .up
                .iter()
                .rev()
                .filter_map(Operation::inverse)
                .collect(),
        }
    }

    /// Whether another one does the same on the way up.
    #[must_use]
    pub fn is_same_step(&self, other: &Self) -> bool {
        (self.step, &self.collection, &self.up) == (other.step, &other.collection, &other.up)
    }

    /// Fields that are removed and that the way back does not add again.
    #[must_use]
    pub fn removed_for_good(&self) -> BTreeSet<&str> {
        let written = self.down.iter().flatten();
        let again: BTreeSet<&str> = written
            .filter_map(|operation| match operation {
                Operation::Add { field, .. } => Some(field.as_str()),
                _ => None,
            })
            .collect();
        let removed = self.up.iter().filter_map(|operation| match operation {
            Operation::Remove { field } => Some(field.as_str()),
            _ => None,
        });
        removed.filter(|field| !again.contains(field)).collect()
    }

    /// Does it to a document.
    ///
    /// # Errors
    /// [`BothFields`]; the document may be changed in part then.
    pub fn go_up(&self, document: &mut Value) -> Result<Done, BothFields> {
        let mut done = Done::default();
        let for_good = self.removed_for_good();
        for operation in &self.up {
            done.is_changed |= match operation {
                Operation::Rename { from, to } => {
                    if has(document, from) && has(document, to) {
                        return Err(BothFields(from.clone(), to.clone()));
                    }
                    rename(document, from, to)
                }
                Operation::Add { field, value } => add(document, field, value),
                Operation::Remove { field } => {
                    let was_there = has(document, field);
                    done.has_lost |= was_there && for_good.contains(field.as_str());
                    take(document, field).is_some()
                }
            };
        }
        Ok(done)
    }

    /// Undoes it in a document: whether that is another one now, and the fields that are lost.
    pub fn go_down(&self, document: &mut Value) -> (bool, BTreeSet<String>) {
        let (mut is_changed, mut lost) = (false, BTreeSet::new());
        for operation in self.way_back() {
            is_changed |= match &operation {
                Operation::Rename { from, to } => {
                    if has(document, from) && has(document, to) {
                        lost.insert(to.clone());
                    }
                    rename(document, from, to)
                }
                Operation::Add { field, value } => add(document, field, value),
                Operation::Remove { field } => {
                    let taken = take(document, field);
                    let counts =
                        |value: &Value| !value.is_null() && Some(value) != self.added(field);
                    if taken.as_ref().is_some_and(counts) {
                        lost.insert(field.clone());
                    }
                    taken.is_some()
                }
            };
        }
        (is_changed, lost)
    }

    /// The value that it gives a field.
    fn added(&self, wanted: &str) -> Option<&Value> {
        self.up.iter().find_map(|operation| match operation {
            Operation::Add { field, value } if field == wanted => Some(value),
            _ => None,
        })
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.step, self.collection)?;
        for (index, operation) in self.up.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{operation}")?;
        }
        for field in self.removed_for_good() {
            write!(f, " ({field} can't come back)")?;
        }
        Ok(())
    }
}

/// Checks the steps of a manifest with these collections.
pub(super) fn check(
    migrations: &[Migration],
    collections: &BTreeMap<String, Collection>,
) -> Result<(), ManifestError> {
    if migrations.len() > MIGRATIONS_MAX {
        return invalid(format!("migrations: more than {MIGRATIONS_MAX}"));
    }
    for (expected, migration) in (1_u32..).zip(migrations) {
        let place = format!("migrations.{expected}");
        if migration.step != expected {
            return invalid(format!(
                "{place}.step: {} instead of {expected}; steps count from 1 without gaps",
                migration.step
            ));
        }
        if !collections.contains_key(&migration.collection) {
            return invalid(format!(
                "{place}.collection: there is no collection {:?}",
                migration.collection
            ));
        }
        let down = migration.down.as_deref().unwrap_or_default();
        for (way, operations) in [("up", migration.up.as_slice()), ("down", down)] {
            if operations.len() > OPERATIONS_MAX || (way == "up" && operations.is_empty()) {
                return invalid(format!(
                    "{place}.{way}: not 1 to {OPERATIONS_MAX} operations"
                ));
            }
            for (index, operation) in operations.iter().enumerate() {
                operation.check(&format!("{place}.{way}.{index}"))?;
            }
        }
    }
    Ok(())
}

/// The path of the object that a field is in, and its name there.
fn split(path: &str) -> (Option<&str>, &str) {
    match path.rsplit_once('.') {
        Some((parent, name)) => (Some(parent), name),
        None => (None, path),
    }
}

fn parent(path: &str) -> Option<&str> {
    split(path).0
}

/// The object that a field is in, if there is one, and the field's name in it.
fn object<'d, 'p>(
    document: &'d mut Value,
    path: &'p str,
) -> Option<(&'d mut Map<String, Value>, &'p str)> {
    let (parent, name) = split(path);
    let mut segments = parent.into_iter().flat_map(|parent| parent.split('.'));
    let found = segments.try_fold(document, |value, segment| value.get_mut(segment))?;
    Some((found.as_object_mut()?, name))
}

fn has(document: &Value, path: &str) -> bool {
    let mut segments = path.split('.');
    let found = segments.try_fold(document, |value, segment| value.get(segment));
    found.is_some_and(|value| !value.is_null())
}

fn take(document: &mut Value, path: &str) -> Option<Value> {
    let (members, name) = object(document, path)?;
    members.remove(name)
}

fn rename(document: &mut Value, from: &str, to: &str) -> bool {
    let Some(value) = take(document, from) else {
        return false;
    };
    if let Some((members, name)) = object(document, to) {
        members.insert(name.to_owned(), value);
    }
    true
}

fn add(document: &mut Value, field: &str, value: &Value) -> bool {
    if has(document, field) {
        return false;
    }
    let Some((members, name)) = object(document, field) else {
        return false;
    };
    members.insert(name.to_owned(), value.clone());
    true
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Manifest;

    const NOTES: &str = r#"
        name = "notes"
        version = "0.2.0"
        capabilities = ["storage"]
        [collections.notes]
        [[migrations]]
        step = 1
        collection = "notes"
        up = [{ rename = { from = "meta.text", to = "meta.body" } }, { add = { field = "pinned", value = false } }]
        [[migrations]]
        step = 2
        collection = "notes"
        up = [{ remove = { field = "color" } }]
    "#;

    fn steps() -> Vec<Migration> {
        Manifest::from_toml(NOTES).unwrap().migrations
    }

    #[test]
    fn a_step_goes_up_and_comes_back() {
        let steps = steps();
        let old = json!({ "meta": { "text": "x", "n": null }, "n": 1 });
        let mut document = old.clone();
        assert!(steps[0].go_up(&mut document).unwrap().is_changed);
        let new = json!({ "meta": { "body": "x", "n": null }, "n": 1, "pinned": false });
        assert_eq!(document, new);
        assert_eq!(steps[0].go_down(&mut document), (true, BTreeSet::new()));
        assert_eq!(document, old);
        // Where the object is missing, nothing is there to be renamed or to be put into.
        let mut other = json!({ "pinned": true });
        assert_eq!(steps[0].go_up(&mut other), Ok(Done::default()));
        let manifest: Value = serde_json::to_value(Manifest::from_toml(NOTES).unwrap()).unwrap();
        let read: Manifest = serde_json::from_value(manifest).unwrap();
        assert_eq!(read.migrations, steps);
    }

    #[test]
    fn what_is_lost_is_named() {
        let steps = steps();
        let mut document = json!({ "meta": { "body": "x", "text": "y" }, "pinned": true });
        let (_, lost) = steps[0].go_down(&mut document);
        let expected = ["meta.text".to_owned(), "pinned".to_owned()];
        assert_eq!(lost, BTreeSet::from(expected));
        assert_eq!(document, json!({ "meta": { "text": "x" } }));
        let mut document = json!({ "color": "red" });
        let done = steps[1].go_up(&mut document).unwrap();
        assert!(done.is_changed && done.has_lost);
        assert!(!steps[1].go_up(&mut document).unwrap().has_lost);
        assert!(steps[1].to_string().contains("color can't come back"));
        let back = Operation::Add {
            field: "color".into(),
            value: json!("white"),
        };
        let written = Migration {
            down: Some(vec![back]),
            ..steps[1].clone()
        };
        assert!(written.removed_for_good().is_empty());
        assert_eq!(written.go_down(&mut document), (true, BTreeSet::new()));
        assert_eq!(document, json!({ "color": "white" }));
    }

    #[test]
    fn a_document_with_both_fields_is_not_guessed_at() {
        let mut document = json!({ "meta": { "body": "x", "text": "y" } });
        let refused = steps()[0].go_up(&mut document).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a document has both meta.text and meta.body"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (from, to, named) in [
            ("step = 2", "step = 3", "migrations.2.step"),
            ("step = 1", "step = 0", "migrations.1.step"),
            (
                "\"notes\"\n        up = [{ re",
                "\"notez\"\n        up = [{ re",
                "migrations.1.collection",
            ),
            ("\"meta.body\"", "\"body\"", "migrations.1.up.0.rename.to"),
            ("\"meta.text\"", "\"a b\"", "migrations.1.up.0.rename.from"),
            ("\"pinned\"", "\"\"", "migrations.1.up.1.add.field"),
            ("value = false", "value = false, of = 1", "of"),
            ("\"color\"", "\"1\"", "migrations.2.up.0.remove.field"),
            (
                "[{ remove = { field = \"color\" } }]",
                "[]",
                "migrations.2.up",
            ),
            ("remove", "delete", "delete"),
            ("step = 2", "step = 2\nsql = \"\"", "sql"),
            (
                "step = 2",
                "step = 2\n        down = [{ remove = { field = \"a-b\" } }]",
                "migrations.2.down.0.remove.field",
            ),
        ] {
            let text = NOTES.replacen(from, to, 1);
            assert_ne!(text, NOTES, "{from} is not in the sample");
            let error = Manifest::from_toml(&text).unwrap_err().to_string();
            assert!(error.contains(named), "{error} does not name {named}");
        }
    }
}
