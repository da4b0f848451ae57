//! What is expected to be said on channels, against what was said.

use std::collections::BTreeMap;
use std::sync::Arc;

use stoa_kernel::live;

use super::listeners::Eviction;
use super::matching::{differs, filled, filled_json};
use super::story::{Evicted, Message};

/// Why these are not the messages; `who` begins the sentence, such as `it says`.
pub fn messages(
    who: &str,
    expected: &[Message],
    found: &[Arc<live::Message>],
    saved: &BTreeMap<String, String>,
) -> Vec<String> {
    let wanted: Result<Vec<String>, String> = expected
        .iter()
        .map(|message| {
            Ok(format!(
                "{} on {}",
                message.event,
                filled(&message.channel, saved)?
            ))
        })
        .collect();
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(reason) => return vec![reason],
    };
    let told = found.iter();
    let told: Vec<String> = told
        .map(|message| format!("{} on {}", message.event, message.channel))
        .collect();
    if told != wanted {
        return vec![format!(
            "{who} [{}] and not [{}]",
            told.join(", "),
            wanted.join(", ")
        )];
    }
    let pairs = expected.iter().zip(found);
    pairs
        .filter_map(|(expected, found)| differing(expected, found, saved))
        .collect()
}

fn differing(
    expected: &Message,
    found: &live::Message,
    saved: &BTreeMap<String, String>,
) -> Option<String> {
    let kept = found.number.is_some();
    if expected.kept.is_some_and(|wanted| wanted != kept) {
        let event = &expected.event;
        return Some(format!("whether {event} is kept: {kept}"));
    }
    let payload = match filled_json(expected.payload.as_ref()?, saved) {
        Ok(payload) => payload,
        Err(reason) => return Some(reason),
    };
    let told = serde_json::from_str(&found.payload).unwrap_or_default();
    differs(&payload, &told, &expected.event)
}

/// Why these are not who was put out.
pub fn evictions(
    expected: &[Evicted],
    found: &[Eviction],
    saved: &BTreeMap<String, String>,
) -> Option<String> {
    let shown = |account: &str, channel: &str| format!("{account} of {channel}");
    let told: Vec<String> = found
        .iter()
        .map(|(channel, account)| shown(account, channel))
        .collect();
    let wanted: Result<Vec<String>, String> = expected
        .iter()
        .map(|evicted| {
            let (channel, account) = (&evicted.channel, &evicted.account);
            Ok(shown(&filled(account, saved)?, &filled(channel, saved)?))
        })
        .collect();
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(reason) => return Some(reason),
    };
    (told != wanted).then(|| {
        let (told, wanted) = (told.join(", "), wanted.join(", "));
        format!("it puts out [{told}] and not [{wanted}]")
    })
}
