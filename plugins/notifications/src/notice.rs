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
    /// A message with a title and paragraphs. Names in them are other people's: the title becomes one line and the text
    /// lines that the post takes.
    pub fn new(kind: Kind, title: impl Into<String>, paragraphs: &[String]) -> Self {
        let title = one_line(&title.into());
        let end = title.floor_char_boundary(TITLE_BYTES_MAX);
        let text = paragraphs.join("\n\n").replace("\r\n", "\n");
        let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        Self {
            kind,
            title: title.get(..end).unwrap_or_default().into(),
            text: text.replace(is_odd, " "),
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
    posted(mail::send(to, &notice.title, &text))
}

/// Lets the rest of a notice stand without its letter, where the post will never take it.
fn posted(sent: Result<(), mail::Error>) -> Result<()> {
    match sent {
        Ok(()) => Ok(()),
        // On a day of too many letters, people are told all the same.
        Err(mail::Error::Limit(reason)) => {
            log::warn!("a letter is given up: {reason}");
            Ok(())
        }
        // An account that has left is told nothing; its list goes with it.
        Err(mail::Error::Invalid(reason)) => {
            log::info!("no letter is sent: {reason}");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn prefers_none(notice: &Notice) -> Result<bool> {
    let preferences = PREFERENCES.get_or_default(&notice.user_id)?;
    Ok(preferences.letters_off.contains(&notice.kind))
}

/// How the shop calls itself.
pub fn site_name() -> String {
    let name: Option<String> = settings::get("site_name");
    name.map_or_else(|| "Stoa".into(), |name| one_line(&name))
}

/// A text in one line, as the post takes subjects: what breaks lines, and any other control character, is a space.
pub fn one_line(text: &str) -> String {
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(is_break, " ")
}

#[cfg(test)]
mod tests {
    use stoa_guest::testing::Host;

    use super::*;

    #[test]
    fn a_letter_that_the_post_will_not_take_is_given_up_and_one_that_it_may_take_later_is_not() {
        let host = Host::new();
        let full = "the tenant has sent its 1000 letters of today";
        assert_eq!(posted(Err(mail::Error::Limit(full.into()))), Ok(()));
        assert_eq!(
            posted(Err(mail::Error::Invalid("no account".into()))),
            Ok(())
        );
        let log = host.log().join("\n");
        assert!(
            log.contains(&format!("warn: a letter is given up: {full}")),
            "{log}"
        );
        assert!(log.contains("info: no letter is sent: no account"), "{log}");
        assert!(posted(Err(mail::Error::Other("the store is away".into()))).is_err());
    }
}
