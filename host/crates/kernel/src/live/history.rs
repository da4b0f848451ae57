//! The histories of channels: their last messages, for those who come back.
//!
//! A channel has one document with the number of its last message, and one per message that is kept. Both are written
//! in the unit of work that says the message: numbers have no gaps, and of two units that say something at once, one
//! meets a conflict and runs again. Of what somebody said whose account is erased the number stays, and nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stoa_wit::Collection;

use super::{Joined, Message};
use crate::clock::Millis;
use crate::id::{CollectionName, HOST_PLUGIN, TenantId};
use crate::query::{Filter, Path, Query};
use crate::store::{Document, Expiry, Store, StoreError, Stretch, UnitOfWork};

/// Milliseconds for which a message is kept at most: 30 days. Whoever comes back later reads what there is afresh.
pub const KEPT_MS_MAX: Millis = 30 * 86_400_000;

/// Bytes of messages that one who comes back is told at most: they stand in memory until they are sent.
pub const MISSED_BYTES_MAX: usize = 1 << 20;

/// Messages that are read from the store at once: with the largest messages, a few times what is told.
const CHUNK: u64 = 50;

/// Channels with a history: the number of the last message of each.
const CHANNELS: &str = "live_channels";

/// Messages that are kept.
const MESSAGES: &str = "live_messages";

/// The field of a message that names its author.
const AUTHOR: &str = "author";

/// Messages that one unit of work forgets: well within what it may write.
const FORGOTTEN_AT_ONCE: u32 = 100;

/// The host's collections among a tenant's that histories need.
#[must_use]
pub fn history_collections() -> [(String, Collection); 2] {
    let by_author = Collection {
        indexes: vec![vec![AUTHOR.into()]],
        ..Collection::default()
    };
    [
        (CHANNELS.into(), Collection::default()),
        (MESSAGES.into(), by_author),
    ]
}

/// What the histories of a plugin's channels are kept in, which bear its name in front.
#[must_use]
pub fn histories_of(plugin: &str) -> [Stretch; 2] {
    let (channels, messages) = collections();
    [channels, messages].map(|collection| Stretch {
        collection,
        prefix: format!("{plugin}/"),
    })
}

#[derive(Serialize, Deserialize)]
struct Counter {
    /// The number of the last message.
    last: u64,
    /// How many messages are kept.
    history: u32,
}

/// A message to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// A word, named as events are.
    pub event: &'a str,
    /// JSON.
    pub payload: &'a str,
    /// The account in whose request it is said; none for what the handler of an event or a schedule says.
    pub author: Option<&'a str>,
}

/// Both are there until the message is forgotten.
#[derive(Deserialize)]
struct Kept {
    event: Option<String>,
    payload: Option<String>,
}

/// Adds a message to its channel's history and answers its number. Of `history` messages and one more, the oldest
/// is forgotten.
///
/// # Errors
/// Those of [`UnitOfWork::put`].
pub async fn keep(
    unit: &dyn UnitOfWork,
    channel: &str,
    history: u32,
    words: Words<'_>,
    now: Millis,
) -> Result<u64, StoreError> {
    let (channels, messages) = collections();
    let counter = unit.get(&channels, channel).await?;
    let last = counter.map(|found| read::<Counter>(&found)).transpose()?;
    let number = last.map_or(0, |counter| counter.last) + 1;
    let counter = json!({ "last": number, "history": history });
    unit.put(&channels, channel, None, counter, Expiry::Never)
        .await?;
    let Words {
        event,
        payload,
        author,
    } = words;
    let mut message = json!({ "event": event, "payload": payload });
    if let (Some(author), Some(members)) = (author, message.as_object_mut()) {
        members.insert(AUTHOR.into(), author.into());
    }
    let ends = Expiry::At(now.saturating_add(KEPT_MS_MAX));
    unit.put(&messages, &id(channel, number), None, message, ends)
        .await?;
    if let Some(oldest) = number.checked_sub(u64::from(history)).filter(|n| *n > 0) {
        unit.delete(&messages, &id(channel, oldest)).await?;
    }
    Ok(number)
}

/// What the channel's history has after the message of number `after`; only its last number, if none is named.
///
/// # Errors
/// When the store can't be read.
pub async fn missed(
    store: &dyn Store,
    tenant: &TenantId,
    channel: &Arc<str>,
    after: Option<u64>,
) -> Result<Joined, StoreError> {
    let (channels, messages) = collections();
    let unit = store.begin(tenant).await?;
    let counter = unit.get(&channels, channel).await?;
    let counter = counter.map(|found| read::<Counter>(&found)).transpose()?;
    let counter = counter.unwrap_or(Counter {
        last: 0,
        history: 0,
    });
    let mut joined = Joined {
        last: counter.last,
        missed: Vec::new(),
        gap: false,
    };
    let Some(after) = after else {
        return Ok(joined);
    };
    let oldest = counter.last.saturating_sub(u64::from(counter.history)) + 1;
    let first = oldest.max(after.saturating_add(1));
    // A number that is not there yet is another history's, which somebody has put back.
    joined.gap = after < oldest - 1 || after > counter.last;
    let (mut upper, mut bytes) = (counter.last, 0);
    'chunks: while upper >= first {
        let lower = first.max(upper.saturating_sub(CHUNK - 1));
        let ids: Vec<String> = (lower..=upper).map(|number| id(channel, number)).collect();
        let found = unit.get_many(&messages, &ids).await?;
        let mut found = found.iter().rev().peekable();
        for number in (lower..=upper).rev() {
            let is_next = |document: &&Document| *document.id == *id(channel, number);
            let Some(document) = found.next_if(is_next) else {
                joined.gap = true;
                break 'chunks;
            };
            let Kept {
                event: Some(event),
                payload: Some(payload),
            } = read(document)?
            else {
                continue;
            };
            bytes += event.len() + payload.len();
            if bytes > MISSED_BYTES_MAX {
                joined.gap = true;
                break 'chunks;
            }
            joined.missed.push(Arc::new(Message {
                channel: Arc::clone(channel),
                event: event.into(),
                payload: payload.into(),
                number: Some(number),
            }));
        }
        upper = lower - 1;
    }
    joined.missed.reverse();
    Ok(joined)
}

/// Forgets some of what an account has said in a tenant, in all histories; whether there may be more. Numbers stay, so
/// that nobody who comes back takes it for a gap.
///
/// # Errors
/// When the store can't be read, or the unit of work may write no more.
pub async fn forget(unit: &dyn UnitOfWork, account: &str) -> Result<bool, StoreError> {
    let (_, messages) = collections();
    let author = Path::parse(AUTHOR).map_err(|error| StoreError::Invalid(error.to_string()))?;
    let query = Query {
        filter: Some(Filter::Eq(author, account.into())),
        limit: FORGOTTEN_AT_ONCE,
        ..Query::default()
    };
    let page = unit.query(&messages, &query).await?;
    for said in &page.items {
        let nothing = json!({ "event": Value::Null, "payload": Value::Null, AUTHOR: Value::Null });
        unit.patch(&messages, &said.id, nothing, None).await?;
    }
    Ok(page.next_cursor.is_some())
}

fn collections() -> (CollectionName, CollectionName) {
    (
        CollectionName::new(HOST_PLUGIN, CHANNELS),
        CollectionName::new(HOST_PLUGIN, MESSAGES),
    )
}

fn id(channel: &str, number: u64) -> String {
    format!("{channel}/{number}")
}

fn read<T: for<'a> Deserialize<'a>>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::Unavailable(format!("the history of a channel: {error}")))
}
