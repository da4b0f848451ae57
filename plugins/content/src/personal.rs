//! What is kept about people: told to them, and forgotten. Applications go altogether; texts stay, but say no more
//! which account wrote them by its name.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stoa_guest::prelude::*;

use crate::application::{APPLICATIONS, Application};
use crate::article::{Article, Shelf};
use crate::{applications, authors};

/// Elements that are told of each kind, the newest first, and that are changed at once: a page of the store.
const PAGE: u32 = 200;

/// Pages that one event changes, within what one transaction may write.
const PAGES_MAX: u32 = 3;

/// Somebody who is here no more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    user_id: String,
}

/// Somebody who has proved that an address is theirs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    user_id: String,
    email: String,
}

pub fn personal_data(account: &str) -> Result<Value> {
    let mut told = Map::new();
    if let Some(name) = authors::name(account)? {
        told.insert("author".into(), json!({ "name": name }));
    }
    for shelf in Shelf::ALL {
        let texts = texts_of(shelf, account)?;
        if !texts.is_empty() {
            told.insert(shelf.word().into(), Value::Array(texts));
        }
    }
    let own = APPLICATIONS.query().filter(eq("accountId", account));
    let own = own.sort_desc("createdAt").limit(PAGE).run()?;
    let applications = own
        .items
        .into_iter()
        .map(|stored| application(stored.value));
    let applications: Vec<Value> = applications.collect();
    if !applications.is_empty() {
        told.insert("applications".into(), Value::Array(applications));
    }
    Ok(Value::Object(told))
}

fn texts_of(shelf: Shelf, account: &str) -> Result<Vec<Value>> {
    let written = shelf.texts().query().filter(eq("authorId", account));
    let written = written
        .sort_desc("orderedAt")
        .fields(crate::article::LISTED)
        .limit(PAGE)
        .run()?;
    let text = |article: Article| json!({ "title": article.title, "slug": article.slugs.slug });
    Ok(written
        .items
        .into_iter()
        .map(|stored| text(stored.value))
        .collect())
}

fn application(application: Application) -> Value {
    json!({
        "job": application.job_title,
        "name": application.name,
        "email": application.email,
        "phone": application.phone,
        "coverLetter": application.cover_letter,
        "links": application.links,
        "cv": application.cv.map(|cv| json!({ "name": cv.name, "sizeBytes": cv.size_bytes })),
        "status": application.status,
        "createdAt": clock::rfc3339(application.created_at),
        "lapsesAt": clock::rfc3339(application.lapses_at),
    })
}

/// Forgets an account.
pub fn forget(event: Event<Erased>) -> Result<()> {
    if event.source != "host" {
        log::warn!("{} can't say that somebody is erased", event.source);
        return Ok(());
    }
    let account = event.payload.user_id;
    authors::forget(&account)?;
    for _ in 0..PAGES_MAX {
        let own = APPLICATIONS
            .query()
            .filter(eq("accountId", account.as_str()));
        let page = own.limit(PAGE).run()?;
        if page.items.is_empty() {
            break;
        }
        for stored in page.items {
            applications::remove(&stored.id, &stored.value)?;
        }
    }
    Ok(())
}

/// What somebody sent before having an account is the account's own, once the address is proved.
pub fn adopt(event: Event<Verified>) -> Result<()> {
    if event.source != "host" {
        log::warn!("{} can't say whose an address is", event.source);
        return Ok(());
    }
    let Verified { user_id, email } = event.payload;
    let sent = eq("email", email.trim().to_lowercase()).and(eq("accountId", Value::Null));
    for stored in APPLICATIONS.query().filter(sent).limit(PAGE).run()?.items {
        let mut application = stored.value;
        application.account_id = Some(user_id.clone());
        APPLICATIONS.put(&stored.id, &application)?;
    }
    Ok(())
}
