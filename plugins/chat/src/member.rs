//! Who is in a chat, and how far they have read.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::chat::Chat;

/// Memberships, by [`key`].
pub const MEMBERS: Collection<Member> = Collection::new("members");

/// A membership as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub chat_id: String,
    pub account: String,
    /// The number of the last message that was read.
    pub read: u64,
    /// When the latest thing happened in the chat: what a list of chats is sorted by.
    pub last_at: u64,
    pub joined_at: u64,
}

/// The id of a membership.
pub fn key(chat: &str, account: &str) -> String {
    format!("{chat}:{account}")
}

/// Lets people into a chat, where nothing is unread for them.
pub fn admit(id: &str, chat: &Chat, accounts: &[String]) -> Result<()> {
    for account in accounts {
        let member = Member {
            chat_id: id.into(),
            account: account.clone(),
            read: chat.last,
            last_at: chat.last_at(),
            joined_at: clock::now_ms(),
        };
        MEMBERS.create(&key(id, account), &member)?;
    }
    Ok(())
}
