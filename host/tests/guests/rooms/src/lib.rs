//! Rooms to listen and speak in: what tests of live updates connect to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::{live, prelude::*};

stoa_guest::plugin!("plugin.toml");

/// Who may not enter which room.
const BANS: Collection<Ban> = Collection::new("bans");

#[derive(Serialize, Deserialize)]
struct Ban {}

#[derive(Deserialize)]
struct Burst {
    count: u32,
    bytes: usize,
}

fn enter(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    let account = caller.user()?;
    if BANS.get(&format!("{id}-{account}"))?.is_some() {
        return Err(Problem::not_found("room"));
    }
    let greeting = settings::get::<String>("greeting");
    Ok(Json(json!({ "room": id, "greeting": greeting })))
}

fn said(caller: Caller, Path(id): Path<String>, Json(message): Json<Value>) -> Result<Json<Value>> {
    let said = json!({ "by": caller.user()?, "message": message });
    live::push(&room(&id), "message.new", &said)?;
    Ok(Json(
        json!({ "greeting": settings::get::<String>("greeting") }),
    ))
}

fn typing(caller: Caller, Path(id): Path<String>) -> Result<NoContent> {
    let typing = json!({ "by": caller.user()? });
    live::push_passing(&room(&id), "typing", &typing)?;
    Ok(NoContent)
}

fn fail(Path(id): Path<String>) -> Result<NoContent> {
    live::push(&room(&id), "never", &json!({}))?;
    Err(Problem::new(409, "no-room", "There is no room left."))
}

fn noted(caller: Caller, Json(note): Json<Value>) -> Result<Json<Value>> {
    let account = caller.user()?;
    live::push(&format!("rooms/inbox/{account}"), "note", &note)?;
    Ok(Json(json!({ "noted": true })))
}

fn burst(Path(id): Path<String>, Json(burst): Json<Burst>) -> Result<NoContent> {
    let text = "x".repeat(burst.bytes);
    for number in 0..burst.count {
        let message = json!({ "number": number, "text": text });
        live::push(&room(&id), "message.new", &message)?;
    }
    Ok(NoContent)
}

fn ban(Path((id, account)): Path<(String, String)>) -> Result<NoContent> {
    BANS.put(&format!("{id}-{account}"), &Ban {})?;
    live::evict(&room(&id), &account)?;
    Ok(NoContent)
}

fn room(id: &str) -> String {
    format!("rooms/room/{id}")
}
