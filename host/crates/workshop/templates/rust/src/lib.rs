//! Short notes that people keep for themselves.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

stoa_guest::plugin!("plugin.toml");

/// Characters of a note.
const TEXT_MAX: usize = 500;

const NOTES: Collection<Note> = Collection::new("notes");

/// What people send.
#[derive(Deserialize, Schema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    #[schema(min_length = 1, max_length = 500)]
    text: String,
}

/// A note as it is kept and shown.
#[derive(Clone, Serialize, Deserialize, Schema)]
struct Note {
    id: String,
    owner: String,
    text: String,
    at: String,
}

fn add_note(caller: Caller, Json(new): Json<NewNote>) -> Result<Created<Json<Note>>> {
    if new.text.is_empty() || new.text.chars().count() > TEXT_MAX {
        return Err(Problem::invalid("text", format!("A note has 1 to {TEXT_MAX} characters.")));
    }
    let note = Note {
        id: random::ulid(),
        owner: caller.user()?.to_owned(),
        text: new.text,
        at: clock::rfc3339(clock::now_ms()),
    };
    NOTES.create(&note.id, &note)?;
    events::raise("{{name}}.note-added", &note.id, &note)?;
    Ok(Created(Json(note)))
}

/// Others' notes and missing ones look alike.
fn show_note(caller: Caller, Path(id): Path<String>) -> Result<Json<Note>> {
    let owner = caller.user()?;
    let note = NOTES.get(&id)?.filter(|note| note.owner == owner);
    note.map(Json).ok_or_else(|| Problem::not_found("note"))
}
