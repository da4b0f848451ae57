//! Opening a chat.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::chat::{CHATS, Chat, ChatView, Kind, MEMBERS_MAX, of_member};
use crate::live::{self, Told};
use crate::member;
use crate::sending::{self, NewMessage};

/// Two people's chat, by both of them.
pub const PAIRS: Collection<Pair> = Collection::new("pairs");

/// Characters of a group's title.
const TITLE_CHARS_MAX: usize = 100;

/// Where two people's chat is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    chat_id: String,
}

/// A chat to be opened.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewChat {
    /// The others, 1 to 49 of them.
    #[serde(alias = "participants", alias = "userIds")]
    pub participant_ids: Vec<String>,
    /// A group's title; with it, two people are a group, too.
    pub title: Option<String>,
    /// What is said first.
    pub message: Option<String>,
}

pub fn open_chat(caller: Caller, Json(new): Json<NewChat>) -> Result<(u16, Json<ChatView>)> {
    let me = caller.user()?;
    let others = others(me, &new.participant_ids)?;
    let title = new.title.as_deref().map(title).transpose()?;
    let pair = match others.as_slice() {
        [other] if title.is_none() => Some(pair(me, other)),
        _ => None,
    };
    let known = pair.as_deref().map(|pair| PAIRS.get(pair)).transpose()?;
    let (id, is_new) = match known.flatten() {
        Some(known) => (known.chat_id, false),
        None => (found(me, others, title, pair.as_deref())?, true),
    };
    if let Some(text) = new.message {
        let first = NewMessage::text(text);
        sending::send(me, &id, first)?;
    }
    let (chat, mine) = of_member(&id, me)?;
    let people = directory::get_many(&chat.members)?;
    let status = if is_new { 201 } else { 200 };
    Ok((status, Json(ChatView::of(id, chat, &mine, &people))))
}

/// A new chat's id.
fn found(
    me: &str,
    others: Vec<String>,
    title: Option<String>,
    pair: Option<&str>,
) -> Result<String> {
    known(&others)?;
    let id = random::ulid();
    let chat = Chat {
        kind: if pair.is_some() {
            Kind::Direct
        } else {
            Kind::Group
        },
        title,
        opened_by: Some(me.into()),
        members: std::iter::once(me.to_owned()).chain(others).collect(),
        last: 0,
        preview: None,
        opened_at: clock::now_ms(),
    };
    CHATS.create(&id, &chat)?;
    if let Some(pair) = pair {
        let chat_id = id.clone();
        PAIRS.create(pair, &Pair { chat_id })?;
    }
    member::admit(&id, &chat, &chat.members)?;
    live::tell(&id, &chat, &Told::Opened { by: me })?;
    Ok(id)
}

/// Both names in an order of their own, so that either way leads to the same chat.
pub fn pair(one: &str, other: &str) -> String {
    format!("{}:{}", one.min(other), one.max(other))
}

/// The others that somebody names, each once.
///
/// # Errors
/// 400 when there are none or too many.
pub fn others(me: &str, named: &[String]) -> Result<Vec<String>> {
    let others: BTreeSet<&String> = named.iter().filter(|id| *id != me).collect();
    if others.is_empty() {
        let detail = "A chat needs somebody else.";
        return Err(Problem::invalid("participantIds", detail));
    }
    if others.len() >= MEMBERS_MAX {
        return Err(too_many());
    }
    Ok(others.into_iter().cloned().collect())
}

/// What is said when a chat would be too large.
pub fn too_many() -> Problem {
    let detail = format!("A chat has at most {MEMBERS_MAX} people.");
    Problem::invalid("participantIds", detail)
}

/// Makes sure that all of them are of this tenant.
///
/// # Errors
/// 422 that names somebody who is not, or never was: both look alike.
pub fn known(accounts: &[String]) -> Result<()> {
    let people = directory::get_many(accounts)?;
    let is_known = |id: &String| people.iter().any(|person| person.id == *id);
    match accounts.iter().find(|id| !is_known(id)) {
        None => Ok(()),
        Some(_) => {
            let detail = "Somebody named here is nobody of this organisation.";
            Err(Problem::unprocessable("participantIds", detail))
        }
    }
}

fn title(text: &str) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=TITLE_CHARS_MAX).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text.into());
    }
    let detail = format!("A title is one line of 1 to {TITLE_CHARS_MAX} characters.");
    Err(Problem::invalid("title", detail))
}
