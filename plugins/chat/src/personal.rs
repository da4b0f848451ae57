//! What is kept about people: told to them, and forgotten. Others keep their side of a conversation; what the
//! erased one said goes, and nothing says any more who it was.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::prelude::*;

use crate::chat::CHATS;
use crate::live;
use crate::member::MEMBERS;
use crate::message::MESSAGES;
use crate::opening::{PAIRS, pair};
use crate::sending::empty;

/// Messages that are told, the newest ones: a page of the store.
const TOLD_MAX: u32 = 200;
/// Documents of each kind that one event changes, well within what one transaction may write.
const FORGOTTEN_AT_ONCE: u32 = 100;

/// Somebody who is here no more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    user_id: String,
}

pub fn personal_data(account: &str) -> Result<Value> {
    let own = MESSAGES
        .query()
        .filter(eq("sender", account))
        .sort_desc("sentAt")
        .limit(TOLD_MAX)
        .with_total()
        .run()?;
    let chats = MEMBERS
        .query()
        .filter(eq("account", account))
        .sort_desc("lastAt")
        .limit(TOLD_MAX)
        .with_total()
        .run()?;
    if own.items.is_empty() && chats.items.is_empty() {
        return Ok(json!({}));
    }
    let messages = own.items.into_iter().map(|stored| {
        json!({
            "chatId": stored.value.chat_id,
            "number": stored.value.number,
            "text": stored.value.text,
            "attachments": stored.value.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
            "sentAt": clock::rfc3339(stored.value.sent_at),
        })
    });
    let joined = chats.items.into_iter().map(|stored| {
        json!({
            "chatId": stored.value.chat_id,
            "read": stored.value.read,
            "joinedAt": clock::rfc3339(stored.value.joined_at),
        })
    });
    Ok(json!({
        "messages": messages.collect::<Vec<_>>(),
        "messagesTotal": own.total,
        "chats": joined.collect::<Vec<_>>(),
        "chatsTotal": chats.total,
    }))
}

pub fn on_erased(event: Event<Erased>) -> Result<()> {
    if event.source != "host" {
        log::warn!("{} can't say that somebody is erased", event.source);
        return Ok(());
    }
    forget(&event.payload)
}

pub fn on_forgotten(event: Event<Erased>) -> Result<()> {
    if event.source != "chat" {
        log::warn!("{} can't say that somebody is erased", event.source);
        return Ok(());
    }
    forget(&event.payload)
}

fn forget(erased: &Erased) -> Result<()> {
    let account = erased.user_id.as_str();
    let said = MESSAGES
        .query()
        .filter(eq("sender", account))
        .limit(FORGOTTEN_AT_ONCE)
        .run()?;
    let joined = MEMBERS
        .query()
        .filter(eq("account", account))
        .limit(FORGOTTEN_AT_ONCE)
        .run()?;
    let is_all = said.next_cursor.is_none() && joined.next_cursor.is_none();
    for stored in said.items {
        let mut message = stored.value;
        empty(&mut message)?;
        message.sender = None;
        MESSAGES.put(&stored.id, &message)?;
    }
    for stored in joined.items {
        leave_behind(&stored.value.chat_id, account)?;
        MEMBERS.delete(&stored.id)?;
    }
    if is_all {
        return Ok(());
    }
    events::raise("chat.forgotten", account, erased)
}

/// Takes somebody out of a chat, which goes on without.
fn leave_behind(id: &str, account: &str) -> Result<()> {
    let Some(mut chat) = CHATS.get(id)? else {
        return Ok(());
    };
    for other in &chat.members {
        PAIRS.delete(&pair(account, other))?;
    }
    chat.members.retain(|member| member != account);
    if chat.opened_by.as_deref() == Some(account) {
        chat.opened_by = None;
    }
    if chat
        .preview
        .as_ref()
        .is_some_and(|preview| preview.sender == account)
    {
        chat.preview = None;
    }
    CHATS.put(id, &chat)?;
    live::leave(id, account)
}
