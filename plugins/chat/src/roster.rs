//! People who come into a group, and who leave it.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::chat::{CHATS, Chat, ChatView, Kind, MEMBERS_MAX, of_member};
use crate::live::{self, Told};
use crate::member::{self, MEMBERS, Member};
use crate::opening::{known, others, too_many};

/// People for a group.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMembers {
    #[serde(alias = "participants", alias = "userIds")]
    pub participant_ids: Vec<String>,
}

pub fn add_members(
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewMembers>,
) -> Result<Json<ChatView>> {
    let me = caller.user()?;
    let (mut chat, mine) = group_of(
        &id,
        me,
        "Two people's chat stays theirs; open a group instead.",
    )?;
    let mut added = others(me, &new.participant_ids)?;
    added.retain(|account| !chat.members.contains(account));
    if chat.members.len() + added.len() > MEMBERS_MAX {
        return Err(too_many());
    }
    if !added.is_empty() {
        known(&added)?;
        member::admit(&id, &chat, &added)?;
        chat.members.extend(added);
        CHATS.put(&id, &chat)?;
        tell_members(&id, &chat)?;
    }
    let people = directory::get_many(&chat.members)?;
    Ok(Json(ChatView::of(id, chat, &mine, &people)))
}

pub fn remove_member(
    caller: Caller,
    Path((id, account)): Path<(String, String)>,
) -> Result<NoContent> {
    let me = caller.user()?;
    let (mut chat, _) = group_of(&id, me, "Nobody leaves two people's chat.")?;
    if !chat.members.contains(&account) {
        return Err(Problem::not_found("member"));
    }
    if account != me && chat.opened_by.as_deref() != Some(me) {
        let detail = "Who opened a group may send others away; everybody may leave.";
        return Err(Problem::forbidden(detail));
    }
    chat.members.retain(|member| *member != account);
    MEMBERS.delete(&member::key(&id, &account))?;
    CHATS.put(&id, &chat)?;
    live::leave(&id, &account)?;
    tell_members(&id, &chat)?;
    Ok(NoContent)
}

/// A group with the membership of one who is in it; `detail` is why two people's chat won't do.
fn group_of(id: &str, me: &str, detail: &str) -> Result<(Chat, Member)> {
    let (chat, mine) = of_member(id, me)?;
    if chat.kind == Kind::Direct {
        return Err(Problem::conflict("direct-chat", detail));
    }
    Ok((chat, mine))
}

/// Tells those who are in a chat now who else is.
fn tell_members(id: &str, chat: &Chat) -> Result<()> {
    let members = &chat.members;
    live::tell(id, chat, &Told::Members { members })
}
