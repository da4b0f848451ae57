//! Telling somebody something: in the list, by letter, and by text message.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;
use stoa_guest::storage::StorageError;

use crate::kind::Kind;
use crate::personal::FORGOTTEN;
use crate::texts::sending;

/// What people were told. A notice's id is the event's, so that nobody is told twice.
pub const NOTICES: Collection<Notice> = Collection::new("notices");

/// Bytes of a title at most, as the post takes subjects.
const TITLE_BYTES_MAX: usize = 200;

/// What people prefer, by account.
pub const PREFERENCES: Collection<Preferences> = Collection::new("preferences");

/// A notice as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub user_id: String,
    pub kind: Kind,
    pub title: String,
    pub text: String,
    pub read: bool,
    pub at: u64,
}

/// What somebody prefers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Kinds that come without letters.
    pub letters_off: BTreeSet<Kind>,
}

/// What to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub kind: Kind,
    /// One line.
    pub title: String,
    pub text: String,
    /// The same in a text message, if it is worth one.
    pub short: Option<String>,
}

impl Message {
    /// A message with a title and paragraphs. Names in a title are other people's: it becomes one line that the post
    /// takes.
    pub fn new(kind: Kind, title: impl Into<String>, paragraphs: &[String]) -> Self {
        let title = title.into().replace(char::is_control, " ");
        let end = title.floor_char_boundary(TITLE_BYTES_MAX);
        Self {
            kind,
            title: title.get(..end).unwrap_or_default().into(),
            text: paragraphs.join("\n\n"),
            short: None,
        }
    }

    /// The same, for those who want it as a text message, too.
    pub fn in_short(mut self, short: Option<String>) -> Self {
        self.short = short;
        self
    }
}

/// Tells an account, once per event.
pub fn tell<T>(event: &Event<T>, user_id: &str, message: Message) -> Result<()> {
    if user_id.is_empty() || FORGOTTEN.has(user_id)? {
        return Ok(());
    }
    let notice = Notice {
        user_id: user_id.into(),
        kind: message.kind,
        title: message.title,
        text: message.text,
        read: false,
        at: event.raised_at_ms,
    };
    match NOTICES.create(&event.id, &notice) {
        Ok(_) => {
            letter(&notice)?;
            match message.short {
                Some(short) => sending::news(user_id, short),
                None => Ok(()),
            }
        }
        Err(StorageError::AlreadyExists) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn letter(notice: &Notice) -> Result<()> {
    let sends = settings::get("letters").unwrap_or(true);
    if !sends || (!notice.kind.is_essential() && prefers_none(notice)?) {
        return Ok(());
    }
    let text = format!("{}\n\n{}\n", notice.text, site_name());
    let to = mail::Recipient::Account(notice.user_id.clone());
    match mail::send(to, &notice.title, &text) {
        // An account that has left is told nothing; its list goes with it.
        Ok(()) | Err(mail::Error::Invalid(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn prefers_none(notice: &Notice) -> Result<bool> {
    let preferences = PREFERENCES.get_or_default(&notice.user_id)?;
    Ok(preferences.letters_off.contains(&notice.kind))
}

/// How the shop calls itself.
pub fn site_name() -> String {
    settings::get("site_name").unwrap_or_else(|| "Stoa".into())
}
