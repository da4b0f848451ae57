//! Conversations between the people of a tenant, live and to be read later.

mod chat;
mod listing;
mod live;
mod member;
mod message;
mod opening;
mod personal;
mod reading;
mod roster;
mod sending;
#[cfg(test)]
mod tests;

use crate::listing::{list_chats, list_messages, view_chat};
use crate::live::{join_chat, say_message, say_read, say_typing};
use crate::opening::open_chat;
use crate::personal::{forget, personal_data};
use crate::reading::{mark_read, tell_typing};
use crate::roster::{add_members, remove_member};
use crate::sending::{send_message, take_back};

stoa_guest::plugin!("plugin.toml");
