//! What happens in a chat, told to those who listen, and what they say.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::{FromRequest as _, live as channels};

use crate::chat::{Chat, of_member};
use crate::message::MessageView;
use crate::reading::{self, ReadMark, ReadView};
use crate::sending::{self, NewMessage};

/// Something that happened in a chat.
pub enum Told<'a> {
    Opened { by: &'a str },
    Message(&'a MessageView),
    TakenBack { number: u64 },
    Read { by: &'a str, number: u64 },
    Typing { by: &'a str },
    Members { members: &'a [String] },
}

/// What listeners are told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct News<'a> {
    chat_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_ids: Option<&'a [String]>,
}

/// Tells every member on the line of each, and whoever listens to this chat alone.
pub fn tell(id: &str, chat: &Chat, told: &Told) -> Result<()> {
    let plain = News {
        chat_id: id,
        user_id: None,
        number: None,
        participant_ids: None,
    };
    let (word, news, keep) = match told {
        Told::Message(message) => {
            let number = Some(message.number);
            return tell_message(id, chat, message, &News { number, ..plain });
        }
        Told::Opened { by } => {
            let user_id = Some(*by);
            ("chat.opened", News { user_id, ..plain }, false)
        }
        Told::TakenBack { number } => {
            let number = Some(*number);
            ("message.deleted", News { number, ..plain }, true)
        }
        Told::Read { by, number } => {
            let (user_id, number) = (Some(*by), Some(*number));
            let news = News {
                user_id,
                number,
                ..plain
            };
            ("message.read", news, false)
        }
        Told::Typing { by } => {
            let user_id = Some(*by);
            ("typing", News { user_id, ..plain }, false)
        }
        Told::Members { members } => {
            let participant_ids = Some(*members);
            let news = News {
                participant_ids,
                ..plain
            };
            ("chat.members", news, true)
        }
    };
    say(id, chat, word, &news, keep)
}

/// A history would tell what was said after it was taken back. So it keeps the message's number alone, by which who comes
/// back reads what is there to be read; and it keeps it first, so that messages are heard in the order of their numbers.
fn tell_message(id: &str, chat: &Chat, message: &MessageView, number: &News) -> Result<()> {
    let channel = format!("chat/{id}");
    channels::push(&channel, "message.added", number)?;
    say(id, chat, "message.sent", message, false)
}

fn say<T: Serialize>(id: &str, chat: &Chat, word: &str, what: &T, keep: bool) -> Result<()> {
    for account in &chat.members {
        channels::push_passing(&format!("chat/inbox/{account}"), word, what)?;
    }
    let channel = format!("chat/{id}");
    if keep {
        return channels::push(&channel, word, what);
    }
    channels::push_passing(&channel, word, what)
}

/// Lets somebody who is no longer in a chat hear nothing more of it.
pub fn leave(id: &str, account: &str) -> Result<()> {
    channels::evict(&format!("chat/{id}"), account)
}

/// What joins a chat's own channel. Whoever is in the chat may.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Greeting {
    /// The number of the latest message.
    last: u64,
    unread_count: u64,
}

pub fn join_chat(caller: Caller, Path(id): Path<String>) -> Result<Json<Greeting>> {
    let (chat, mine) = of_member(&id, caller.user()?)?;
    Ok(Json(Greeting {
        last: chat.last,
        unread_count: chat.last.saturating_sub(mine.read),
    }))
}

/// What a socket says of a chat: which one, unless the channel says so, and what.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said<T> {
    chat_id: Option<String>,
    #[serde(flatten)]
    what: T,
}

/// Nothing more.
#[derive(Debug, Deserialize)]
struct Nothing {}

pub fn say_message(request: &Request) -> Result<Created<Json<MessageView>>> {
    let (me, id, new) = said::<NewMessage>(request)?;
    let sent = sending::send(&me, &id, new)?;
    Ok(Created(Json(sent)))
}

pub fn say_typing(request: &Request) -> Result<NoContent> {
    let (me, id, Nothing {}) = said(request)?;
    reading::typing(&me, &id)?;
    Ok(NoContent)
}

pub fn say_read(request: &Request) -> Result<Json<ReadView>> {
    let (me, id, mark) = said::<ReadMark>(request)?;
    reading::read(&me, &id, &mark).map(Json)
}

/// Who says it, of which chat, and what.
fn said<T: for<'a> Deserialize<'a>>(request: &Request) -> Result<(String, String, T)> {
    let me = Caller::from_request(request)?.user()?.to_owned();
    let said: Said<T> = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::invalid("data", error.to_string()))?;
    let id = request.param("id").map(str::to_owned).or(said.chat_id);
    let id = id.ok_or_else(|| Problem::invalid("chatId", "chatId says which chat."))?;
    Ok((me, id, said.what))
}
