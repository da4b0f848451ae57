//! Shows what a well-behaved plugin gets from the host; the host's tests drive it.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::prelude::*;

mod errands;

use errands::{look, run_errands, run_named_errand, sign};

stoa_guest::plugin!("plugin.toml");

const NOTES: Collection<Note> = Collection::new("notes");
const COUNTERS: Collection<Value> = Collection::new("counters");

/// A note.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// What it is called; no two notes share a name.
    pub name: String,
    /// What sort of note.
    pub kind: String,
    /// Its place among its kind.
    pub rank: i64,
}

/// Well, unless its greeting says otherwise.
fn health() -> Result<(), String> {
    match settings::get::<String>("greeting") {
        Some(greeting) if greeting == "unwell" => Err(greeting),
        _ => Ok(()),
    }
}

fn migrate(stored: &str) -> Result<(), String> {
    let seed = json!({ "n": 0, "from": stored });
    COUNTERS
        .put("migrated", &seed)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn read_note(Path(id): Path<String>) -> Result<Json<Note>> {
    NOTES
        .get(&id)?
        .map(Json)
        .ok_or_else(|| Problem::not_found("note"))
}

/// The names of the notes of a kind.
fn notes_of(Path(kind): Path<String>) -> Result<Json<Value>> {
    let page = NOTES.query().filter(eq("kind", kind)).run()?;
    let names: Vec<String> = page.items.into_iter().map(|note| note.value.name).collect();
    Ok(Json(json!({ "names": names })))
}

/// Asks for what can be different each time, or tells the log.
fn outside(Path(what): Path<String>) -> Json<Value> {
    Json(match what.as_str() {
        "time" => json!({ "now": clock::now_ms() }),
        "chance" => json!({ "id": random::ulid() }),
        "header" => json!({ "language": inbound::header("accept-language") }),
        "request" => json!({ "id": inbound::request_id() }),
        "log" => {
            log::info!("somebody asked");
            json!({})
        }
        _ => json!({}),
    })
}

fn write_note(Json(note): Json<Note>) -> Result<Created<Json<Note>>> {
    NOTES.create(&note.name, &note)?;
    events::raise("probe.noted", &note.name, &note)?;
    Ok(Created(Json(note)))
}

fn count(Path(id): Path<String>) -> Result<Json<Value>> {
    let n = COUNTERS.increment(&id, "n", 1)?;
    Ok(Json(json!({ "n": n, "id": random::ulid() })))
}

fn counted(Path(id): Path<String>) -> Result<Json<Value>> {
    COUNTERS
        .get(&id)?
        .map(Json)
        .ok_or_else(|| Problem::not_found("counter"))
}

fn fill(Path((id, amount)): Path<(String, i64)>) -> Result<NoContent> {
    COUNTERS.put(&id, &json!({ "stock": amount }))?;
    Ok(NoContent)
}

fn take(Path(id): Path<String>) -> Result<Json<Value>> {
    match COUNTERS.take_if_at_least(&id, "stock", 1)? {
        Some(left) => Ok(Json(json!({ "left": left }))),
        None => Err(Problem::conflict("out-of-stock", "There is none left.")),
    }
}

fn whoami(caller: Caller) -> Json<Value> {
    Json(json!({ "id": caller.id, "role": caller.role, "session": caller.session }))
}

/// Writes, asks the extension point, and tells what came of both.
fn ask_tax(Path(country): Path<String>) -> Result<Json<Value>> {
    COUNTERS.put("tax", &json!({ "count": 1 }))?;
    let question = tax::Question {
        currency: "USD".into(),
        lines: Vec::new(),
        shipping_minor: 100,
        country: Some(country),
        region: None,
        postal_code: None,
    };
    let answer = match tax::tax(&question) {
        Ok(minor) => json!({ "minor": minor }),
        Err(tax::Error::Unavailable(reason)) => json!({ "unavailable": reason }),
        Err(tax::Error::Refused(reason)) => json!({ "refused": reason }),
    };
    Ok(Json(
        json!({ "answer": answer, "written": COUNTERS.get("tax")?.is_some() }),
    ))
}

fn greeting() -> Json<Value> {
    Json(json!({ "greeting": settings::get::<String>("greeting") }))
}

/// All that is set, as the code has it.
#[derive(Serialize, Deserialize)]
struct Preferences {
    greeting: String,
    limit: u8,
    places: Vec<Place>,
}

#[derive(Serialize, Deserialize)]
struct Place {
    city: String,
    floor: Option<i32>,
}

fn preferences() -> Result<Json<Preferences>> {
    settings::all().map(Json)
}

fn remember(Path(key): Path<String>, Json(value): Json<Value>) -> NoContent {
    cache::set(&key, &value, 60_000);
    NoContent
}

fn recall(Path(key): Path<String>) -> Json<Value> {
    Json(json!({ "value": cache::get::<Value>(&key) }))
}

/// How many requests this instance has served: 1 in a fresh one.
fn residue() -> Json<Value> {
    static SERVED: AtomicU32 = AtomicU32::new(0);
    Json(json!({ "served": SERVED.fetch_add(1, Ordering::Relaxed) + 1 }))
}
