//! The statements that make a tenant's tables and indexes. Additions only, and cheap when all is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stoa_kernel::id::CollectionName;
use stoa_kernel::query::Path;
use stoa_kernel::store::StoreError;
use stoa_kernel::wit::Collection;

use crate::names;
use crate::table::Unique;

/// What plugins have declared, with a number that grows with each change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    pub(crate) generation: u64,
    pub(crate) collections: BTreeMap<CollectionName, Shape>,
}

/// A collection as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) table: String,
    pub(crate) indexes: Vec<Vec<Path>>,
    pub(crate) unique: Unique,
}

impl Shape {
    /// Checks a declaration.
    pub(crate) fn new(name: &CollectionName, collection: &Collection) -> Result<Self, StoreError> {
        Ok(Self {
            table: names::table(name)?,
            indexes: paths(&collection.indexes)?,
            unique: paths(&collection.unique)?.into(),
        })
    }
}

/// Lists of fields; the id is part of every index already.
fn paths(lists: &[Vec<String>]) -> Result<Vec<Vec<Path>>, StoreError> {
    let parse = |list: &Vec<String>| {
        let paths: Result<Vec<Path>, _> = list.iter().map(|text| Path::parse(text)).collect();
        paths.map(|paths| {
            paths
                .into_iter()
                .filter(|path| !path.is_id())
                .collect::<Vec<Path>>()
        })
    };
    let lists: Result<Vec<Vec<Path>>, _> = lists.iter().map(parse).collect();
    let lists = lists.map_err(|error| StoreError::Invalid(error.to_string()))?;
    Ok(lists.into_iter().filter(|list| !list.is_empty()).collect())
}

/// A database whose tables are all defined here and nowhere else.
pub(crate) fn database(name: &str) -> String {
    format!("DEFINE DATABASE IF NOT EXISTS `{name}` STRICT")
}

/// The tables that belong to no tenant.
pub(crate) const PLATFORM: &str = "BEGIN; DEFINE TABLE IF NOT EXISTS tenants SCHEMALESS; \
     DEFINE TABLE IF NOT EXISTS host SCHEMALESS; COMMIT";

/// A tenant's tables and indexes, in one transaction.
pub(crate) fn tenant(declared: &Declared) -> String {
    let mut script = String::from("BEGIN;\n");
    for table in [
        names::OUTBOX,
        names::LATER,
        names::HANDLED,
        names::ARRIVED,
        names::ANSWERS,
    ] {
        define_table(&mut script, table);
    }
    for table in [names::ANSWERS, names::ARRIVED] {
        define_index(&mut script, table, "exp", "exp", "");
    }
    for shape in declared.collections.values() {
        define_table(&mut script, &shape.table);
        define_index(&mut script, &shape.table, "exp", "exp", "");
        for (kind, lists, suffix) in [
            ("index", shape.indexes.as_slice(), ""),
            ("unique", &shape.unique, " UNIQUE"),
        ] {
            for list in lists {
                let name: Vec<&str> = list.iter().map(Path::as_str).collect();
                let columns: Vec<String> = list.iter().map(names::column).collect();
                define_index(
                    &mut script,
                    &shape.table,
                    &format!("{kind}:{}", name.join(",")),
                    &columns.join(", "),
                    suffix,
                );
            }
        }
    }
    script.push_str("COMMIT");
    script
}

// Writing to a string can't fail.
fn define_table(script: &mut String, table: &str) {
    let _ = writeln!(script, "DEFINE TABLE IF NOT EXISTS `{table}` SCHEMALESS;");
}

fn define_index(script: &mut String, table: &str, name: &str, columns: &str, suffix: &str) {
    let _ = writeln!(
        script,
        "DEFINE INDEX IF NOT EXISTS `{name}` ON `{table}` FIELDS {columns}{suffix};"
    );
}
