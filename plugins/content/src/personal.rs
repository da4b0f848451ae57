//! What is kept about people: told to them, and forgotten. Applications go altogether; texts stay, but say no more
//! which account wrote them by its name.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_guest::personal_data::{Erased, Forgotten, Kept, forget_some};
use stoa_guest::prelude::*;

use crate::application::{APPLICATIONS, Application};
use crate::article::{Article, LISTED, Shelf};
use crate::{applications, authors};

/// Applications that are removed or adopted at once: each is a few writes.
const PORTION: u32 = 50;

/// By which the plugin goes on.
const FORGETTING: &str = "content.forgetting";
const ADOPTING: &str = "content.adopting";

/// Accounts that are here no more.
const FORGOTTEN: Forgotten = Forgotten::new("forgotten");

/// Somebody who has proved that an address is theirs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    user_id: String,
    email: String,
}

pub fn personal_data(account: &str) -> Result<Value> {
    let author = authors::name(account)?.map(|name| json!({ "name": name }));
    let mut kept = Kept::new().one("author", author)?;
    for shelf in Shelf::ALL {
        let written = shelf.texts().query().filter(eq("authorId", account));
        let written = written.sort_desc("orderedAt").fields(LISTED);
        kept = kept.list(shelf.word(), written, text)?;
    }
    let sent = APPLICATIONS.query().filter(eq("accountId", account));
    let kept = kept.list("applications", sent.sort_desc("createdAt"), application)?;
    Ok(kept.told())
}

fn text(stored: Stored<Article>) -> Value {
    let article = stored.value;
    json!({ "title": article.title, "slug": article.slugs.slug })
}

fn application(stored: Stored<Application>) -> Value {
    let application = stored.value;
    let cv = application.cv;
    json!({
        "job": application.job_title,
        "name": application.name,
        "email": application.email,
        "phone": application.phone,
        "coverLetter": application.cover_letter,
        "links": application.links,
        "cv": cv.map(|cv| json!({ "name": cv.name, "sizeBytes": cv.size_bytes })),
        "status": application.status,
        "note": application.note,
        "createdAt": clock::rfc3339(application.created_at),
        "lapsesAt": clock::rfc3339(application.lapses_at),
    })
}

/// Forgets an account.
pub fn forget(event: Event<Erased>) -> Result<()> {
    let Some(account) = Erased::of(&event) else {
        return Ok(());
    };
    FORGOTTEN.add(account)?;
    authors::forget(account)?;
    let sent = APPLICATIONS.query().filter(eq("accountId", account));
    let is_more = forget_some(sent, PORTION, |stored| {
        applications::remove(&stored.id, &stored.value)
    })?;
    Erased::go_on_if(is_more, FORGETTING, account)
}

/// What somebody sent before having an account is the account's own, once the address is proved. It goes with an account
/// that is erased meanwhile, as if it had been adopted before.
pub fn adopt(event: Event<Verified>) -> Result<()> {
    let may_say = match event.name.as_str() {
        ADOPTING => "content",
        _ => "host",
    };
    if event.source != may_say {
        log::warn!("{} can't say whose an address is", event.source);
        return Ok(());
    }
    let Verified { user_id, email } = &event.payload;
    let is_forgotten = FORGOTTEN.has(user_id)?;
    let sent = eq("email", email.trim().to_lowercase()).and(eq("accountId", Value::Null));
    let is_more = forget_some(APPLICATIONS.query().filter(sent), PORTION, |stored| {
        if is_forgotten {
            return applications::remove(&stored.id, &stored.value);
        }
        let adopted = Application {
            account_id: Some(user_id.clone()),
            ..stored.value
        };
        APPLICATIONS.put(&stored.id, &adopted)?;
        Ok(())
    })?;
    if is_more {
        events::raise_at(ADOPTING, user_id, &event.payload, clock::now_ms())?;
    }
    Ok(())
}
