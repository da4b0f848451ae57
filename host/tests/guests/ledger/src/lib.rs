//! Raises events, writes down in which order they come back, and fails when it is told to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::prelude::*;
use stoa_guest::schedule::Turn;

stoa_guest::plugin!("plugin.toml");

const ENTRIES: Collection<Value> = Collection::new("entries");

/// What is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    key: String,
    n: u64,
    /// How many deliveries fail before one succeeds.
    #[serde(default)]
    fails: u32,
    /// Whether a failure is a trap rather than a problem.
    #[serde(default)]
    traps: bool,
    /// Fails as long as the entry `broken` exists.
    #[serde(default)]
    fragile: bool,
    /// When it is due, in milliseconds since 1970; 0 for at once.
    #[serde(default)]
    at_ms: u64,
    /// Whether hearing it raises another event.
    #[serde(default)]
    echo: bool,
}

/// What a client asks for.
#[derive(Debug, Deserialize)]
pub struct Tell {
    events: Vec<Told>,
    /// Answers a problem after all has been raised.
    #[serde(default)]
    refuse: bool,
}

fn tell(Json(tell): Json<Tell>) -> Result<NoContent> {
    for told in &tell.events {
        match told.at_ms {
            0 => events::raise("ledger.told", &told.key, told)?,
            at_ms => events::raise_at("ledger.told", &told.key, told, at_ms)?,
        }
    }
    match tell.refuse {
        true => Err(Problem::conflict("refused", "It was asked for.")),
        false => Ok(NoContent),
    }
}

/// Adds to the list of an entry.
fn add(id: &str, what: &str, value: Value) -> Result<()> {
    let mut entry = ENTRIES.get(id)?.unwrap_or_else(|| json!({}));
    match entry.get_mut(what).and_then(Value::as_array_mut) {
        Some(list) => list.push(value),
        None => {
            let list = json!({ what: [value] });
            ENTRIES.put(id, &list)?;
            return Ok(());
        }
    }
    ENTRIES.put(id, &entry)?;
    Ok(())
}

fn hear(event: Event<Told>) -> Result<()> {
    let told = &event.payload;
    add(&event.key, "seen", json!(told.n))?;
    if told.echo {
        events::raise("ledger.heard", &event.key, &json!({ "n": told.n }))?;
    }
    let is_broken = told.fragile && ENTRIES.get("broken")?.is_some();
    if event.attempt <= told.fails || is_broken {
        assert!(!told.traps, "told to trap");
        let detail = format!("attempt {}", event.attempt);
        return Err(Problem::conflict("told-to-fail", detail));
    }
    Ok(())
}

fn count(event: Event<Value>) -> Result<()> {
    let n = event.payload.get("n").cloned();
    add("echoes", "seen", n.unwrap_or_default())
}

fn tick(turn: Turn) -> Result<()> {
    add("ticks", "seen", json!(turn.due_ms))?;
    match ENTRIES.get("broken")? {
        Some(_) => Err(Problem::conflict("broken", "The turn fails.")),
        None => Ok(()),
    }
}

fn read(Path(id): Path<String>) -> Result<Json<Value>> {
    let entry = ENTRIES.get(&id)?;
    Ok(Json(entry.unwrap_or_else(|| json!({ "seen": [] }))))
}

/// Null removes it.
fn write(Path(id): Path<String>, Json(entry): Json<Value>) -> Result<NoContent> {
    match entry.is_null() {
        true => drop(ENTRIES.delete(&id)?),
        false => drop(ENTRIES.put(&id, &entry)?),
    }
    Ok(NoContent)
}
