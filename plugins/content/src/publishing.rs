//! What is published at a time to come: an event for later publishes it, so that reading asks for no time.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::article::{Article, Shelf, Status};

/// A text's time has come.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Due {
    shelf: Shelf,
    id: String,
    at: u64,
}

/// What others learn of a text that went public.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'a> {
    kind: Shelf,
    id: &'a str,
    slug: &'a str,
    title: &'a str,
}

/// Tells what a change has done to a text: it went public, or will.
pub fn announce(shelf: Shelf, id: &str, before: Option<Status>, article: &Article) -> Result<()> {
    match (article.status, article.published_at) {
        (Status::Scheduled, Some(at)) => {
            let due = Due {
                shelf,
                id: id.to_owned(),
                at,
            };
            events::raise_at("content.due", id, &due, at)
        }
        (Status::Published, _) if before != Some(Status::Published) => {
            let published = Published {
                kind: shelf,
                id,
                slug: &article.slugs.slug,
                title: &article.title,
            };
            events::raise("content.published", id, &published)
        }
        _ => Ok(()),
    }
}

/// Publishes a text, unless it was put off, taken back or published meanwhile.
pub fn on_due(event: Event<Due>) -> Result<()> {
    let Due { shelf, id, at } = event.payload;
    let Some(mut article) = shelf.texts().get(&id)? else {
        return Ok(());
    };
    let is_due = article.published_at == Some(at) && at <= clock::now_ms();
    if article.status != Status::Scheduled || !is_due {
        return Ok(());
    }
    article.status = Status::Published;
    shelf.texts().put(&id, &article)?;
    announce(shelf, &id, Some(Status::Scheduled), &article)
}
