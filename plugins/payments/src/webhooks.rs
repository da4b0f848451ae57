//! What providers call back with: written down once, in the same transaction as its effect.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stoa_guest::prelude::*;

use crate::journal::{self, Kind};
use crate::news::News;
use crate::payment::{PAYMENTS, Payment, Provider, by_provider_id};
use crate::progress::{self, Outcome};
use stoa_guest::outbound::sentence;

const WEBHOOKS: Collection<Record> = Collection::new("webhooks");

/// Bytes of an event that are kept for whoever looks into it; an ordinary one has four thousand.
const RAW_BYTES_MAX: usize = 16 << 10;
/// Levels of an event in which secrets are looked for; the reader takes no more.
const DEPTH_MAX: usize = 64;

/// An event that came.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    provider: Provider,
    event_id: String,
    kind: String,
    outcome: String,
    /// The event without secrets; none if it is too long.
    raw: Option<Value>,
    at: u64,
}

/// That an event came.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Heard {
    pub received: bool,
    /// `applied`, `unchanged`, `suspicious`, `unmatched`, `ignored` or `duplicate`.
    pub outcome: String,
}

/// An event of a provider, verified.
pub struct Call {
    pub provider: Provider,
    pub event_id: String,
    pub kind: String,
    pub raw: Value,
    /// What it tells; none if that does not matter here.
    pub news: Option<News>,
}

/// Takes an event, once.
pub fn hear(call: Call) -> Result<Json<Heard>> {
    let id = format!("{}:{}", call.provider.word(), call.event_id);
    if WEBHOOKS.get(&id)?.is_some() {
        return Ok(heard("duplicate"));
    }
    let outcome = match &call.news {
        None => "ignored",
        Some(news) => match find(call.provider, news)? {
            // Another shop of the same account, or another tenant.
            None => "unmatched",
            Some(mut payment) => {
                let outcome = match progress::apply(&mut payment, news)? {
                    Outcome::Applied => "applied",
                    Outcome::Unchanged => "unchanged",
                    Outcome::Suspicious(_) => "suspicious",
                };
                let what = format!("{} {}: {outcome}", call.kind, call.event_id);
                journal::note(&payment, Kind::Webhook, &what)?;
                outcome
            }
        },
    };
    let record = Record {
        provider: call.provider,
        event_id: call.event_id,
        kind: sentence(&call.kind),
        outcome: outcome.into(),
        raw: kept(call.raw),
        at: clock::now_ms(),
    };
    WEBHOOKS.create(&id, &record)?;
    Ok(heard(outcome))
}

fn heard(outcome: &str) -> Json<Heard> {
    Json(Heard {
        received: true,
        outcome: outcome.into(),
    })
}

/// The payment that news is about: by the provider's name for it, or, if that name never came, by ours.
fn find(provider: Provider, news: &News) -> Result<Option<Payment>> {
    if let Some(payment) = by_provider_id(provider, &news.provider_id)? {
        return Ok(Some(payment));
    }
    let Some(id) = news.payment_id.as_deref().filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let named = PAYMENTS.get(id)?;
    Ok(named.filter(|payment| payment.provider == provider && payment.provider_id.is_none()))
}

/// An event without secrets, if it is short enough to be kept.
fn kept(mut raw: Value) -> Option<Value> {
    redact(&mut raw, DEPTH_MAX);
    (raw.to_string().len() <= RAW_BYTES_MAX).then_some(raw)
}

/// Takes out what would let its reader pay or act. Deeper than the reader takes there is nothing.
fn redact(value: &mut Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        *value = Value::Null;
        return;
    };
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !name.ends_with("secret"));
            members
                .values_mut()
                .for_each(|member| redact(member, depth));
        }
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| redact(element, depth)),
        _ => {}
    }
}
