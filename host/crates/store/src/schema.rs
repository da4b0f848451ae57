//! What a database holds: its tables and their indexes, as plugins declare them.

use std::collections::BTreeMap;
use std::sync::Arc;

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
    pub(crate) plugins: BTreeMap<String, Arc<Shapes>>,
}

/// The collections of a plugin.
pub(crate) type Shapes = BTreeMap<CollectionName, Shape>;

/// A collection as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) table: String,
    pub(crate) unique: Unique,
    indexes: Vec<Vec<Path>>,
    declared: Collection,
}

/// Indexes by their names, each as the words that define what it is over.
pub(crate) type Indexes = BTreeMap<String, String>;

impl Shape {
    /// Checks a declaration.
    pub(crate) fn new(name: &CollectionName, collection: &Collection) -> Result<Self, StoreError> {
        Ok(Self {
            table: names::table(name)?,
            unique: paths(&collection.unique)?.into(),
            indexes: paths(&collection.indexes)?,
            declared: collection.clone(),
        })
    }

    /// What it was made of.
    pub(crate) const fn declared(&self) -> &Collection {
        &self.declared
    }

    /// Its table's indexes.
    pub(crate) fn indexes(&self) -> Indexes {
        let of = |kind: &str, list: &[Path], suffix: &str| {
            let fields: Vec<&str> = list.iter().map(Path::as_str).collect();
            let columns: Vec<String> = list.iter().map(names::column).collect();
            let name = format!("{kind}:{}", fields.join(","));
            (name, format!("{}{suffix}", columns.join(", ")))
        };
        let plain = self.indexes.iter().map(|list| of(INDEX, list, ""));
        let unique = self.unique.iter().map(|list| of(UNIQUE, list, " UNIQUE"));
        std::iter::once(expiring())
            .chain(plain)
            .chain(unique)
            .collect()
    }
}

const INDEX: &str = "index";
const UNIQUE: &str = "unique";

/// The fields of a unique list, by the name of its index.
pub(crate) fn unique_fields(index: &str) -> Option<&str> {
    index.strip_prefix(UNIQUE)?.strip_prefix(':')
}

/// The index by which the sweep finds what has expired.
fn expiring() -> (String, String) {
    ("exp".into(), "exp".into())
}

/// The host's own tables in every database.
pub(crate) fn own_tables() -> BTreeMap<String, Indexes> {
    let plain = [names::OUTBOX, names::LATER, names::HANDLED, names::SIZES];
    let expire = [names::ANSWERS, names::ARRIVED];
    let plain = plain.map(|table| (table.to_owned(), Indexes::new()));
    let expire = expire.map(|table| (table.to_owned(), Indexes::from([expiring()])));
    plain.into_iter().chain(expire).collect()
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
