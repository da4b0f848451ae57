//! Brings a database's tables and indexes to what is declared, plugin by plugin where they can't go together.
//!
//! The database itself says what is defined in it, in a row for each plugin that changes with the definitions: a
//! tenant that is opened again is only read, and an index that is declared no longer is known to be there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use stoa_kernel::store::StoreError;
use surrealdb::types::{RecordId, Value, Variables};

use crate::engine::Engine;
use crate::fault::Fault;
use crate::schema::{Declared, Indexes, own_tables, unique_fields};
use crate::session::Session;
use crate::{encode, names};

/// The part of the host's own tables. No plugin is called so.
const OWN: &str = "_host";

/// What is defined of a plugin: its tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tables(BTreeMap<String, Indexes>);

/// Definitions that are still to be made.
struct Change {
    part: String,
    statements: String,
    /// What is defined after it.
    tables: Tables,
}

/// Plugins whose part the database can't take, each with the fields of a unique list of which documents share a value.
pub(crate) type Behind = BTreeMap<String, String>;

/// Defines what is declared and not yet there, and removes indexes of declared collections that are declared no longer.
pub(crate) async fn bring(
    engine: &Engine,
    session: &Session,
    declared: &Declared,
) -> Result<Behind, StoreError> {
    let defined = read(engine, session).await?;
    let changes = changes(&defined, declared);
    if changes.is_empty() || make(engine, session, &changes).await.is_ok() {
        return Ok(Behind::new());
    }
    // Whose fault it was shows when each goes alone.
    let mut behind = Behind::new();
    for change in &changes {
        let made = make(engine, session, std::slice::from_ref(change)).await;
        match made {
            Ok(()) => {}
            Err(Fault::NotUnique(message)) => {
                behind.insert(change.part.clone(), shared_fields(&message).into());
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(behind)
}

/// What is defined, by part.
async fn read(engine: &Engine, session: &Session) -> Result<BTreeMap<String, Tables>, StoreError> {
    let mut script = String::new();
    define_table(&mut script, names::DEFINED);
    let made = engine.persist(session.clone(), script, Variables::new());
    made.await?;
    let session = session.clone();
    let text = format!(
        "SELECT VALUE [record::id(id), tables] FROM {}",
        names::DEFINED
    );
    let rows = engine.run(async move { session.rows(&text, Variables::new()).await });
    let rows = rows.await??.into_iter().map(encode::decode);
    // What can't be read is defined anew.
    let parsed = rows.filter_map(|row| {
        let (part, tables): (String, String) = serde_json::from_value(row).ok()?;
        Some((part, serde_json::from_str(&tables).ok()?))
    });
    Ok(parsed.collect())
}

fn changes(defined: &BTreeMap<String, Tables>, declared: &Declared) -> Vec<Change> {
    let of_plugins = declared.plugins.iter().map(|(plugin, shapes)| {
        let tables = shapes
            .values()
            .map(|shape| (shape.table.clone(), shape.indexes()));
        (plugin.as_str(), tables.collect())
    });
    let parts = std::iter::once((OWN, own_tables())).chain(of_plugins);
    let change = |(part, wanted)| {
        let defined = defined.get(part).cloned().unwrap_or_default();
        Change::between(part, defined, wanted)
    };
    parts.filter_map(change).collect()
}

impl Change {
    /// What leads from what is defined to what is wanted; none if nothing does. Tables that nobody wants stay as they are.
    fn between(part: &str, mut tables: Tables, wanted: BTreeMap<String, Indexes>) -> Option<Self> {
        let mut statements = String::new();
        for (table, indexes) in wanted {
            let defined = tables.0.get(&table);
            if defined.is_none() {
                define_table(&mut statements, &table);
            }
            let none = Indexes::new();
            let defined = defined.unwrap_or(&none);
            for (name, columns) in defined {
                if indexes.get(name) != Some(columns) {
                    remove_index(&mut statements, &table, name);
                }
            }
            for (name, columns) in &indexes {
                if defined.get(name) != Some(columns) {
                    define_index(&mut statements, &table, name, columns);
                }
            }
            tables.0.insert(table, indexes);
        }
        let part = part.to_owned();
        (!statements.is_empty()).then_some(Self {
            part,
            statements,
            tables,
        })
    }
}

/// Makes changes in one transaction.
async fn make(engine: &Engine, session: &Session, changes: &[Change]) -> Result<(), Fault> {
    let mut script = String::from("BEGIN;\n");
    let mut variables = Variables::new();
    for (n, change) in changes.iter().enumerate() {
        let (row, tables) = (format!("r{n}"), format!("t{n}"));
        script.push_str(&change.statements);
        // Writing to a string can't fail.
        let _ = writeln!(script, "UPSERT ${row} SET tables = ${tables} RETURN NONE;");
        let text = serde_json::to_string(&change.tables).map_err(Fault::failed)?;
        let record = RecordId::new(names::DEFINED, change.part.as_str());
        variables.insert(row, Value::RecordId(record));
        variables.insert(tables, Value::String(text));
    }
    script.push_str("COMMIT");
    engine.persist(session.clone(), script, variables).await
}

/// The fields that an index can't be over. The engine's words also name the value that is there twice, which is nobody
/// else's business.
fn shared_fields(message: &str) -> &str {
    let index = message.split('`').nth(1);
    index.and_then(unique_fields).unwrap_or_default()
}

// Writing to a string can't fail.
fn define_table(script: &mut String, table: &str) {
    let _ = writeln!(script, "DEFINE TABLE IF NOT EXISTS `{table}` SCHEMALESS;");
}

fn define_index(script: &mut String, table: &str, name: &str, columns: &str) {
    let _ = writeln!(
        script,
        "DEFINE INDEX IF NOT EXISTS `{name}` ON `{table}` FIELDS {columns};"
    );
}

fn remove_index(script: &mut String, table: &str, name: &str) {
    let _ = writeln!(script, "REMOVE INDEX IF EXISTS `{name}` ON `{table}`;");
}
