//! Says to those who listen what it is told to say.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::live;
use stoa_guest::prelude::*;
use stoa_guest::schedule::Turn;

stoa_guest::plugin!("plugin.toml");

const NOTES: Collection<Value> = Collection::new("notes");

/// One message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Word {
    channel: String,
    event: String,
    #[serde(default)]
    payload: Value,
    /// Whether no history keeps it.
    #[serde(default)]
    passing: bool,
}

/// What to do.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Speech {
    words: Vec<Word>,
    /// Channels and accounts.
    evict: Vec<(String, String)>,
    /// Says the first word so often.
    repeat: usize,
    /// Adds to a note that everybody adds to.
    note: bool,
    /// `refuse`, `trap`, `error`, or well.
    ending: String,
    /// Lets the handler of an event do it.
    by_event: bool,
}

impl Speech {
    fn speak(&self) -> Result<()> {
        let first = self.words.first().into_iter();
        for word in first.cycle().take(self.repeat).chain(&self.words) {
            match word.passing {
                true => live::push_passing(&word.channel, &word.event, &word.payload)?,
                false => live::push(&word.channel, &word.event, &word.payload)?,
            }
        }
        for (channel, account) in &self.evict {
            live::evict(channel, account)?;
        }
        if self.note {
            let note = NOTES.get("n")?.unwrap_or_else(|| json!({ "n": 0 }));
            let n = note.get("n").and_then(Value::as_u64).unwrap_or_default();
            NOTES.put("n", &json!({ "n": n + 1 }))?;
        }
        match &*self.ending {
            "refuse" => Err(Problem::conflict("refused", "It was asked for.")),
            "trap" => unreachable!("it was asked for"),
            _ => Ok(()),
        }
    }
}

fn say(Json(speech): Json<Speech>) -> Result<NoContent> {
    match speech.by_event {
        true => events::raise("herald.asked", "k", &speech)?,
        false => speech.speak()?,
    }
    Ok(NoContent)
}

fn asked(event: Event<Speech>) -> Result<()> {
    event.payload.speak()
}

fn strike(_turn: Turn) -> Result<()> {
    live::push("herald/news", "struck", &json!({}))
}

/// Would be remembered if it said nothing.
fn wave() -> Result<Json<Value>> {
    live::push("herald/news", "waved", &json!({}))?;
    Ok(Json(json!({})))
}

/// Closed rooms admit nobody.
fn admit(Path(id): Path<String>) -> Result<Json<Value>> {
    match id.starts_with("closed") {
        true => Err(Problem::not_found("room")),
        false => Ok(Json(json!({ "room": id }))),
    }
}

/// Whoever says something is heard by everybody in the room.
fn hear(Path(id): Path<String>, Json(said): Json<Value>) -> Result<Json<Value>> {
    live::push(&format!("herald/rooms/{id}"), "said", &said)?;
    Ok(Json(json!({ "heard": said })))
}
