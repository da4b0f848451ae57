//! Lists of chats and of messages.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::chat::{CHATS, ChatView, of_member};
use crate::member::MEMBERS;
use crate::message::{MESSAGES, MessageView};

/// People that one question to the directory tells of.
const PEOPLE_PER_QUESTION: usize = 100;
/// Chats of a page at most: each has up to 50 members whose names are looked up.
const CHATS_PER_PAGE_MAX: u32 = 50;
/// Messages of a page at most: each may have ten files that want links.
const MESSAGES_PER_PAGE_MAX: u32 = 100;

/// Which chats.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatQuery {
    /// Chats of the page: 20 if absent, 50 at most.
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of chats.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ChatList {
    pub chats: Vec<ChatView>,
    /// Present when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which messages.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageQuery {
    /// Messages of the page: 20 if absent, 100 at most.
    pub limit: Option<u32>,
    /// Those with smaller numbers, the newest first.
    pub before: Option<u64>,
    /// Those with larger numbers, the oldest first.
    pub after: Option<u64>,
}

/// A page of messages.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct MessageList {
    pub messages: Vec<MessageView>,
    /// Whether there are more in this direction.
    pub has_more: bool,
}

pub fn list_chats(caller: Caller, Query(query): Query<ChatQuery>) -> Result<Json<ChatList>> {
    let me = caller.user()?;
    let window = Window::of(query.limit, None, query.cursor.as_deref())?;
    let own = MEMBERS.query().filter(eq("account", me));
    let found = window
        .at_most(CHATS_PER_PAGE_MAX)
        .page(own.sort_desc("lastAt"))?;
    let members = found.items.into_iter().map(|stored| stored.value);
    let members: Vec<_> = members.collect();
    let ids: Vec<String> = members
        .iter()
        .map(|member| member.chat_id.clone())
        .collect();
    let chats = CHATS.get_many(&ids)?;
    let of_member = |id: &String| chats.iter().find(|chat| chat.id == *id);
    let people = people(chats.iter().flat_map(|chat| &chat.value.members))?;
    let view = members.iter().filter_map(|member| {
        let chat = of_member(&member.chat_id)?;
        let id = chat.id.clone();
        Some(ChatView::of(id, chat.value.clone(), member, &people))
    });
    Ok(Json(ChatList {
        chats: view.collect(),
        next_cursor: found.next_cursor,
    }))
}

pub fn view_chat(caller: Caller, Path(id): Path<String>) -> Result<Json<ChatView>> {
    let (chat, mine) = of_member(&id, caller.user()?)?;
    let people = people(chat.members.iter())?;
    Ok(Json(ChatView::of(id, chat, &mine, &people)))
}

pub fn list_messages(
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<MessageQuery>,
) -> Result<Json<MessageList>> {
    of_member(&id, caller.user()?)?;
    if query.before.is_some() && query.after.is_some() {
        let detail = "before and after exclude each other.";
        return Err(Problem::invalid("before", detail));
    }
    let window = Window::of(query.limit, None, None)?.at_most(MESSAGES_PER_PAGE_MAX);
    let filters = [
        Some(eq("chatId", id.as_str())),
        query.before.map(|before| lt("number", before)),
        query.after.map(|after| gt("number", after)),
    ];
    let asked = MESSAGES.query().filter(and(filters.into_iter().flatten()));
    let found = window.page(match query.after {
        Some(_) => asked.sort_asc("number"),
        None => asked.sort_desc("number"),
    })?;
    let views = found
        .items
        .into_iter()
        .map(|stored| MessageView::of(stored.value));
    Ok(Json(MessageList {
        messages: views.collect::<Result<_>>()?,
        has_more: found.next_cursor.is_some(),
    }))
}

fn people<'a>(accounts: impl Iterator<Item = &'a String>) -> Result<Vec<directory::Person>> {
    let ids: BTreeSet<&String> = accounts.collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let mut people = Vec::new();
    for some in ids.chunks(PEOPLE_PER_QUESTION) {
        people.extend(directory::get_many(some)?);
    }
    Ok(people)
}
