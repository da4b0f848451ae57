//! How far somebody has read, and that somebody is typing.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::chat::of_member;
use crate::live::{self, Told};
use crate::member::{self, MEMBERS};

/// How far somebody has read.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReadMark {
    /// The number of the last message that was read; all of them if absent.
    pub number: Option<u64>,
}

/// What is left to read.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ReadView {
    /// The number of the last message that was read.
    pub number: u64,
    pub unread_count: u64,
}

pub fn mark_read(caller: Caller, Path(id): Path<String>, body: Body) -> Result<Json<ReadView>> {
    let mark = match body.0.is_empty() {
        true => ReadMark::default(),
        false => serde_json::from_slice(&body.0)
            .map_err(|error| Problem::invalid("number", error.to_string()))?,
    };
    read(caller.user()?, &id, &mark).map(Json)
}

/// Moves a read mark forward; it never goes back.
pub fn read(me: &str, id: &str, mark: &ReadMark) -> Result<ReadView> {
    let (chat, mut member) = of_member(id, me)?;
    let number = mark.number.unwrap_or(chat.last).min(chat.last);
    if number > member.read {
        member.read = number;
        MEMBERS.put(&member::key(id, me), &member)?;
        live::tell(id, &chat, &Told::Read { by: me, number })?;
    }
    Ok(ReadView {
        number: member.read,
        unread_count: chat.last.saturating_sub(member.read),
    })
}

pub fn tell_typing(caller: Caller, Path(id): Path<String>) -> Result<NoContent> {
    typing(caller.user()?, &id)?;
    Ok(NoContent)
}

/// Tells the others that somebody is typing.
pub fn typing(me: &str, id: &str) -> Result<()> {
    let (chat, _) = of_member(id, me)?;
    live::tell(id, &chat, &Told::Typing { by: me })
}
