//! What is kept about people: told to them, and forgotten. Others keep their side of a conversation; what the
//! erased one said goes, and nothing says any more who it was.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Kept, forget_some};
use stoa_guest::prelude::*;
use stoa_guest::storage;

use crate::chat::{CHATS, Kind};
use crate::live;
use crate::member::{MEMBERS, Member};
use crate::message::{MESSAGES, Message};
use crate::opening::{PAIRS, pair};
use crate::sending::empty;

/// Messages, and memberships, that one event changes. A message is one document, and two of the host's for each of its up
/// to ten files; a membership goes with changes of its chat and its pair. That makes 720 of the 1,000 that one transaction
/// may write.
const PORTION: u32 = 30;
/// By which the plugin goes on.
const FORGOTTEN: &str = "chat.forgotten";

pub fn personal_data(account: &str) -> Result<Value> {
    let (said, joined) = (said(account), joined(account));
    let kept = Kept::new()
        .one("messagesTotal", total(&said)?)?
        .list("messages", said.sort_desc("sentAt"), message)?
        .one("chatsTotal", total(&joined)?)?
        .list("chats", joined.sort_desc("lastAt"), membership)?;
    Ok(kept.told())
}

fn said(account: &str) -> storage::Query<Message> {
    MESSAGES.query().filter(eq("sender", account))
}

fn joined(account: &str) -> storage::Query<Member> {
    MEMBERS.query().filter(eq("account", account))
}

/// How many there are, beyond those that are told; none where there are none.
fn total<T: DeserializeOwned>(query: &storage::Query<T>) -> Result<Option<u64>> {
    let page = query.clone().limit(1).with_total().run()?;
    Ok(page.total.filter(|total| *total > 0))
}

fn message(stored: Stored<Message>) -> Value {
    let message = stored.value;
    let files: Vec<_> = message.files.iter().map(|file| &file.name).collect();
    json!({
        "chatId": message.chat_id,
        "number": message.number,
        "text": message.text,
        "attachments": files,
        "sentAt": clock::rfc3339(message.sent_at),
    })
}

fn membership(stored: Stored<Member>) -> Value {
    let member = stored.value;
    json!({
        "chatId": member.chat_id,
        "read": member.read,
        "joinedAt": clock::rfc3339(member.joined_at),
    })
}

pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    let more_said = forget_some(said(account), PORTION, |stored| {
        let mut message = stored.value;
        empty(&mut message)?;
        message.sender = None;
        MESSAGES.put(&stored.id, &message)?;
        Ok(())
    })?;
    let more_joined = forget_some(joined(account), PORTION, |stored| {
        leave_behind(&stored.value.chat_id, account)?;
        MEMBERS.delete(&stored.id)?;
        Ok(())
    })?;
    Erased::go_on_if(more_said || more_joined, FORGOTTEN, account)
}

/// Takes somebody out of a chat, which goes on without.
fn leave_behind(id: &str, account: &str) -> Result<()> {
    let Some(mut chat) = CHATS.get(id)? else {
        return Ok(());
    };
    // Groups are no pair's: looking for one with each of their members would use up the calls of the event.
    if chat.kind == Kind::Direct {
        for other in chat.members.iter().filter(|other| *other != account) {
            PAIRS.delete(&pair(account, other))?;
        }
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
