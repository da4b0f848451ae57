//! Tells people by letter, in a list, and by text message if they want, what concerns them.

mod kind;
mod messages;
mod notice;
mod personal;
mod preferences;
#[cfg(test)]
mod tests;
mod texts;

use serde::{Deserialize, Serialize};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::kind::Kind;
use crate::messages::{Failure, Licence, Order, Payout, Person, Product, Vendor};
use crate::notice::{NOTICES, Notice, tell};
use crate::personal::{forget, personal_data};
use crate::preferences::{change_preferences, view_preferences};
use crate::texts::sending::send_text;
use crate::texts::verification::{send_code, verify_phone};

stoa_guest::plugin!("plugin.toml");

/// Which notices.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NoticesQuery {
    /// Only those that have not been read.
    #[serde(default)]
    unread: bool,
    /// 1 to 200; 20 if absent.
    limit: Option<u32>,
    /// What the page before said.
    cursor: Option<String>,
}

/// A notice.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct NoticeView {
    id: String,
    kind: Kind,
    title: String,
    text: String,
    read: bool,
    at: String,
}

/// Notices, newest first.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
struct NoticeList {
    notifications: Vec<NoticeView>,
    /// All that match.
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl NoticeView {
    fn of(id: String, notice: Notice) -> Self {
        Self {
            id,
            kind: notice.kind,
            title: notice.title,
            text: notice.text,
            read: notice.read,
            at: clock::rfc3339(notice.at),
        }
    }
}

fn list_notices(caller: Caller, Query(wanted): Query<NoticesQuery>) -> Result<Json<NoticeList>> {
    let mut own = eq("user_id", caller.user()?);
    if wanted.unread {
        own = own.and(eq("read", false));
    }
    let window = Window {
        cursor: wanted.cursor,
        ..Window::nearest(wanted.limit.unwrap_or(Window::LIMIT_DEFAULT), 0)
    };
    let own = NOTICES.query().filter(own).sort_desc("at");
    let page = window.page(own.with_total())?;
    Ok(Json(NoticeList {
        total: page.total.unwrap_or(0),
        next_cursor: page.next_cursor,
        notifications: page
            .items
            .into_iter()
            .map(|stored| NoticeView::of(stored.id, stored.value))
            .collect(),
    }))
}

fn read_notice(caller: Caller, Path(id): Path<String>) -> Result<Json<NoticeView>> {
    let own = NOTICES.get(&id)?;
    let user_id = caller.user()?;
    let own = own.filter(|notice| notice.user_id == user_id);
    let mut notice = own.ok_or_else(|| Problem::not_found("notification"))?;
    if !notice.read {
        notice.read = true;
        NOTICES.put(&id, &notice)?;
    }
    Ok(Json(NoticeView::of(id, notice)))
}

fn on_person(event: Event<Person>) -> Result<()> {
    let message = event.payload.message(&event.name);
    tell(&event, &event.payload.user_id, message)
}

fn on_order(event: Event<Order>) -> Result<()> {
    let message = event.payload.message(&event.name);
    tell(&event, &event.payload.buyer_id, message)
}

fn on_payment_failed(event: Event<Failure>) -> Result<()> {
    let message = event.payload.message();
    tell(&event, &event.payload.buyer_id, message)
}

fn on_product(event: Event<Product>) -> Result<()> {
    let message = event.payload.message(&event.name);
    tell(&event, &event.payload.vendor_id, message)
}

fn on_vendor(event: Event<Vendor>) -> Result<()> {
    let message = event.payload.message(&event.name);
    tell(&event, &event.payload.vendor_id, message)
}

fn on_payout(event: Event<Payout>) -> Result<()> {
    let message = event.payload.message(&event.name);
    tell(&event, &event.payload.vendor_id, message)
}

fn on_licence(event: Event<Licence>) -> Result<()> {
    let message = event.payload.message();
    tell(&event, &event.payload.buyer_id, message)
}
