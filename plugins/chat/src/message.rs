//! A message as it is stored, and as the members of its chat see it.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// Messages, by [`key`].
pub const MESSAGES: Collection<Message> = Collection::new("messages");

/// Characters of a message: more is a document, and can be attached as one.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// Files of one message.
pub const FILES_MAX: usize = 10;

/// How long a link to an attached file is good: as long as somebody looks at a page of messages.
const LINK_S: u32 = 3_600;

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    pub chat_id: String,
    /// 1, 2, 3 … in its chat.
    pub number: u64,
    /// None when its sender was erased.
    pub sender: Option<String>,
    pub text: String,
    pub files: Vec<Attachment>,
    pub sent_at: u64,
    pub taken_back: bool,
}

/// A file of a message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
}

/// A message.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    pub id: String,
    pub chat_id: String,
    /// 1, 2, 3 … in its chat.
    pub number: u64,
    /// Absent when its sender is here no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<String>,
    pub text: String,
    pub attachments: Vec<AttachmentView>,
    pub sent_at: String,
    /// Whether its sender took it back: there is no text any more.
    pub deleted: bool,
}

/// A file of a message.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentView {
    pub id: String,
    pub name: String,
    pub content_type: String,
    pub size_bytes: u64,
    /// Where to fetch it, for an hour; absent when the file is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The id of a message.
pub fn key(chat: &str, number: u64) -> String {
    format!("{chat}:{number}")
}

impl MessageView {
    /// With links to its files.
    pub fn of(message: Message) -> Result<Self> {
        let files = message.files.into_iter().map(linked);
        Ok(Self {
            id: key(&message.chat_id, message.number),
            attachments: files.collect::<Result<_>>()?,
            chat_id: message.chat_id,
            number: message.number,
            sender_id: message.sender,
            text: message.text,
            sent_at: clock::rfc3339(message.sent_at),
            deleted: message.taken_back,
        })
    }
}

fn linked(file: Attachment) -> Result<AttachmentView> {
    let url = match blobs::link(&file.id, LINK_S) {
        Ok(url) => Some(url),
        Err(blobs::Error::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(AttachmentView {
        id: file.id,
        name: file.name,
        content_type: file.content_type,
        size_bytes: file.size_bytes,
        url,
    })
}
