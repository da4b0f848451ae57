//! Messages: sent, and taken back.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::chat::{CHATS, Preview, of_member};
use crate::live::{self, Told};
use crate::member::{self, MEMBERS};
use crate::message::{Attachment, FILES_MAX, MESSAGES, Message, MessageView, TEXT_CHARS_MAX, key};

/// A message to be sent.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMessage {
    /// Plain text of at most 4,000 characters; may be empty beside files.
    #[serde(default, alias = "content", alias = "message")]
    pub text: String,
    /// Ids of files that the sender has uploaded, at most 10.
    #[serde(default)]
    pub attachments: Vec<String>,
}

impl NewMessage {
    /// Text alone.
    pub fn text(text: String) -> Self {
        Self {
            text,
            attachments: Vec::new(),
        }
    }
}

/// What other plugins hear of a message: that it was sent, not what it says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    chat_id: &'a str,
    message_id: String,
    number: u64,
    sender_id: &'a str,
    participant_ids: &'a [String],
}

pub fn send_message(
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewMessage>,
) -> Result<Created<Json<MessageView>>> {
    let sent = send(caller.user()?, &id, new)?;
    Ok(Created(Json(sent)))
}

/// Sends a message to a chat that the sender is in.
///
/// # Errors
/// 404 for a chat of others, 400 for a message that says nothing or too much, or files that are not the sender's.
pub fn send(me: &str, id: &str, new: NewMessage) -> Result<MessageView> {
    let (mut chat, _) = of_member(id, me)?;
    let text = text(&new.text)?;
    let files = files(me, &new.attachments)?;
    if text.is_empty() && files.is_empty() {
        return Err(Problem::invalid("text", "A message says something."));
    }
    chat.last += 1;
    let (number, sent_at) = (chat.last, clock::now_ms());
    chat.preview = Some(Preview::of(number, me, &text, &files, sent_at));
    CHATS.put(id, &chat)?;
    let message = Message {
        chat_id: id.into(),
        number,
        sender: Some(me.into()),
        text,
        files,
        sent_at,
        taken_back: false,
    };
    MESSAGES.create(&key(id, number), &message)?;
    for account in &chat.members {
        let place = member::key(id, account);
        let Some(mut member) = MEMBERS.get(&place)? else {
            continue;
        };
        member.last_at = sent_at;
        if account == me {
            // Who answers has read.
            member.read = number;
        }
        MEMBERS.put(&place, &member)?;
    }
    let view = MessageView::of(message)?;
    events::raise(
        "message.sent",
        id,
        &Sent {
            chat_id: id,
            message_id: view.id.clone(),
            number,
            sender_id: me,
            participant_ids: &chat.members,
        },
    )?;
    live::tell(id, &chat, &Told::Message(&view))?;
    Ok(view)
}

pub fn take_back(caller: Caller, Path((id, number)): Path<(String, u64)>) -> Result<NoContent> {
    let me = caller.user()?;
    let (mut chat, _) = of_member(&id, me)?;
    let place = key(&id, number);
    let mine = |message: &Message| message.sender.as_deref() == Some(me);
    let found = MESSAGES.get(&place)?.filter(mine);
    let mut message = found.ok_or_else(|| Problem::not_found("message"))?;
    if message.taken_back {
        return Ok(NoContent);
    }
    empty(&mut message)?;
    MESSAGES.put(&place, &message)?;
    if let Some(preview) = chat
        .preview
        .as_mut()
        .filter(|preview| preview.number == number)
    {
        preview.text.clear();
        CHATS.put(&id, &chat)?;
    }
    live::tell(&id, &chat, &Told::TakenBack { number })?;
    Ok(NoContent)
}

/// Leaves nothing of what a message said.
pub fn empty(message: &mut Message) -> Result<()> {
    for file in message.files.drain(..) {
        blobs::remove(&file.id)?;
    }
    message.text.clear();
    message.taken_back = true;
    Ok(())
}

fn text(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > TEXT_CHARS_MAX {
        let detail = format!("A message has at most {TEXT_CHARS_MAX} characters.");
        return Err(Problem::invalid("text", detail));
    }
    let is_odd = |char: char| char.is_control() && !matches!(char, '\n' | '\t' | '\r');
    if text.contains(is_odd) {
        return Err(Problem::invalid("text", "A message is plain text."));
    }
    Ok(text.into())
}

/// Nobody sends a file that somebody else has uploaded; foreign and missing look alike.
fn files(me: &str, ids: &[String]) -> Result<Vec<Attachment>> {
    if ids.len() > FILES_MAX {
        let detail = format!("A message has at most {FILES_MAX} files.");
        return Err(Problem::invalid("attachments", detail));
    }
    let file = |(at, id): (usize, &String)| {
        let twice = ids.iter().take(at).any(|earlier| earlier == id);
        let own = blobs::stat(id)?.filter(|info| !twice && info.owner.as_deref() == Some(me));
        let info = own.ok_or_else(|| {
            Problem::invalid(
                format!("attachments.{at}"),
                "There is no such file of yours.",
            )
        })?;
        Ok(Attachment {
            id: info.id,
            name: info.name,
            content_type: info.content_type,
            size_bytes: info.size_bytes,
        })
    };
    ids.iter().enumerate().map(file).collect()
}
