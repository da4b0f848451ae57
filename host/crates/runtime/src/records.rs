//! What is kept of a plugin by its name, whichever version of it serves: what each tenant uses of it, its last lines,
//! and what people have set for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::journal::Journal;
use crate::layers::Layers;
use crate::migration::Gates;
use crate::services::Values;
use crate::shares::Shares;

/// One plugin's.
#[derive(Debug, Default)]
pub struct Record {
    /// What each tenant uses.
    pub shares: Shares,
    /// What it said last.
    pub journal: Journal,
    /// What is set for it.
    pub settings: Layers<Value>,
    /// What is kept for it: each secret with its values, the newest first.
    pub secrets: Layers<Values>,
    /// Whose shape its data has.
    pub gates: Gates,
}

/// All plugins'. There are as many as names that were ever served since the host started.
#[derive(Debug, Default)]
pub struct Records(Mutex<HashMap<String, Arc<Record>>>);

impl Records {
    /// The record of a plugin.
    pub fn of(&self, plugin: &str) -> Arc<Record> {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = records.get(plugin) {
            return Arc::clone(record);
        }
        let record = Arc::new(Record::default());
        records.insert(plugin.to_owned(), Arc::clone(&record));
        record
    }

    /// The same, of one that is known.
    pub fn known(&self, plugin: &str) -> Option<Arc<Record>> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.get(plugin).cloned()
    }
}
