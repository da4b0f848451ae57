//! The histories of channels: their last messages, for those who come back.
//!
//! A channel has one document with the number of its last message, and one per message that is kept. Both are written
//! in the unit of work that says the message: numbers have no gaps, and of two units that say something at once, one
//! meets a conflict and runs again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Joined, Message};
use crate::clock::Millis;
use crate::id::{CollectionName, HOST_PLUGIN, TenantId};
use crate::store::{Document, Expiry, Store, StoreError, UnitOfWork};

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

/// The host's collections among a tenant's that histories need.
pub const HISTORY_COLLECTIONS: [&str; 2] = [CHANNELS, MESSAGES];

#[derive(Serialize, Deserialize)]
struct Counter {
    /// The number of the last message.
    last: u64,
    /// How many messages are kept.
    history: u32,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    event: String,
    payload: String,
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
    (event, payload): (&str, &str),
    now: Millis,
) -> Result<u64, StoreError> {
    let (channels, messages) = collections();
    let counter = unit.get(&channels, channel).await?;
    let last = counter.map(|found| read::<Counter>(&found)).transpose()?;
    let number = last.map_or(0, |counter| counter.last) + 1;
    let counter = json!({ "last": number, "history": history });
    unit.put(&channels, channel, None, counter, Expiry::Never)
        .await?;
    let message = json!({ "event": event, "payload": payload });
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
            let Kept { event, payload } = read(document)?;
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

fn collections() -> (CollectionName, CollectionName) {
    let [channels, messages] = HISTORY_COLLECTIONS;
    (
        CollectionName::new(HOST_PLUGIN, channels),
        CollectionName::new(HOST_PLUGIN, messages),
    )
}

fn id(channel: &str, number: u64) -> String {
    format!("{channel}/{number}")
}

fn read<T: for<'a> Deserialize<'a>>(document: &Document) -> Result<T, StoreError> {
    serde_json::from_str(&document.body)
        .map_err(|error| StoreError::Unavailable(format!("the history of a channel: {error}")))
}
