//! A chat as it is stored, and as its members see it.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::text::cut;

use crate::member::{self, Member};
use crate::message::Attachment;

/// Chats, by id.
pub const CHATS: Collection<Chat> = Collection::new("chats");

/// People in one chat: each message changes a document of each of them.
pub const MEMBERS_MAX: usize = 50;

/// Characters of the latest message that a list of chats shows.
const PREVIEW_CHARS: usize = 120;

/// A chat as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    pub kind: Kind,
    pub title: Option<String>,
    /// Who opened it; none when that person was erased.
    pub opened_by: Option<String>,
    pub members: Vec<String>,
    /// The number of the latest message; messages count from 1.
    pub last: u64,
    pub preview: Option<Preview>,
    pub opened_at: u64,
}

/// How many people a chat is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Two people, for good.
    Direct,
    /// Whoever is in it.
    Group,
}

/// The latest message at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    pub number: u64,
    pub sender: String,
    pub text: String,
    pub sent_at: u64,
}

impl Preview {
    /// Of a message that was just sent.
    pub fn of(number: u64, sender: &str, text: &str, files: &[Attachment], sent_at: u64) -> Self {
        let named = files.first().map_or("", |file| file.name.as_str());
        let shown = if text.is_empty() { named } else { text };
        Self {
            number,
            sender: sender.into(),
            text: cut(shown, PREVIEW_CHARS),
            sent_at,
        }
    }
}

impl Chat {
    /// When the latest thing happened, in milliseconds since 1970.
    pub fn last_at(&self) -> u64 {
        self.preview
            .as_ref()
            .map_or(self.opened_at, |preview| preview.sent_at)
    }
}

/// A chat.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct ChatView {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    pub participants: Vec<Participant>,
    /// Messages that the caller has not read.
    pub unread_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message: Option<LastMessage>,
    pub created_at: String,
    pub updated_at: String,
}

/// Somebody in a chat.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    pub id: String,
    pub name: String,
}

/// The latest message at a glance.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct LastMessage {
    pub number: u64,
    pub sender_id: String,
    /// Its beginning.
    pub text: String,
    pub sent_at: String,
}

impl ChatView {
    /// A chat as one of its members sees it. `people` are those of whom names are known.
    pub fn of(id: String, chat: Chat, seen_by: &Member, people: &[directory::Person]) -> Self {
        let name = |account: &String| {
            let mut known = people.iter();
            let found = known.find(|person| person.id == *account);
            found.map_or_else(String::new, |person| person.name.clone())
        };
        let participants = chat.members.iter().map(|account| Participant {
            id: account.clone(),
            name: name(account),
        });
        Self {
            participants: participants.collect(),
            unread_count: chat.last.saturating_sub(seen_by.read),
            updated_at: clock::rfc3339(chat.last_at()),
            created_at: clock::rfc3339(chat.opened_at),
            last_message: chat.preview.map(|preview| LastMessage {
                number: preview.number,
                sender_id: preview.sender,
                text: preview.text,
                sent_at: clock::rfc3339(preview.sent_at),
            }),
            id,
            kind: chat.kind,
            title: chat.title,
        }
    }
}

/// A chat that the caller is in, and what it is to the caller. Foreign and missing look alike.
///
/// # Errors
/// 404.
pub fn of_member(id: &str, account: &str) -> Result<(Chat, Member)> {
    let none = || Problem::not_found("chat");
    let member = member::MEMBERS.get(&member::key(id, account))?;
    let member = member.ok_or_else(none)?;
    let chat = CHATS.get(id)?.ok_or_else(none)?;
    Ok((chat, member))
}
