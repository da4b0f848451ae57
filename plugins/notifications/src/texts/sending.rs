//! Text messages on their way out: each is an event of the plugin's own, so that nobody's request waits for the service
//! or fails by it.
//!
//! A message goes out **at most once**. The service knows no key under which a repetition would be the same message,
//! and a text that comes twice costs twice and alarms, while one that does not come is made up for by the letter and
//! the list, and a code by asking again. So only what the service has said it did not take is sent again; what may
//! have been taken is not. Two gaps are left: a host that dies between the service's answer and its own commit, some
//! milliseconds, delivers the event once more; and a service that takes a message and says 5xx is believed.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use super::phone::{PHONES, Phone};
use super::quota::NEWS;
use super::service::{Account, Outcome};
use super::verification;
use crate::messages;

const EVENT: &str = "notifications.text";
/// Who alone may say that a text is to be sent.
const PLUGIN: &str = "notifications";

/// Milliseconds after which news are none any more; the letter has told them long since.
const NEWS_MS: u64 = 3_600_000;
/// Milliseconds before a message that was not taken is sent again: each further pause is twice as long.
const PAUSE_MS_MIN: u64 = 5_000;
/// Milliseconds of a pause at most.
const PAUSE_MS_MAX: u64 = 600_000;

/// A message to be sent. The number is not in it: it is looked up at the time.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    user_id: String,
    what: What,
    /// When it is too late.
    until_ms: u64,
    /// How often it was not taken.
    failed: u32,
}

/// What is in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    /// These words.
    News(String),
    /// The code of this id. It is drawn when it is sent: no event, and no dead letter, holds its digits.
    Code(String),
}

/// Leaves news for somebody who wants them as texts.
pub fn news(account: &str, words: String) -> Result<()> {
    match PHONES.get(account)? {
        Some(phone) if phone.takes_news() => leave_news(account, &phone, words),
        _ => Ok(()),
    }
}

/// Leaves a welcome when the first news may go to a number. Whoever joins has none yet, so it is not before that.
pub fn welcome(account: &str, phone: &mut Phone) -> Result<()> {
    if !phone.takes_news() || phone.is_welcomed {
        return Ok(());
    }
    phone.is_welcomed = true;
    leave_news(account, phone, messages::welcome_text())
}

fn leave_news(account: &str, phone: &Phone, words: String) -> Result<()> {
    if Account::configured().is_none() {
        log::debug!("no text is sent: the operator has not configured the service");
        return Ok(());
    }
    if !NEWS.spend(account, &phone.number)? {
        log::info!("no text is sent: the account or its number has had those of this hour");
        return Ok(());
    }
    let until_ms = clock::now_ms().saturating_add(NEWS_MS);
    leave(account, What::News(words), until_ms)
}

/// Leaves a message to be sent as soon as the request has committed.
pub fn leave(account: &str, what: What, until_ms: u64) -> Result<()> {
    let job = Job {
        user_id: account.into(),
        what,
        until_ms,
        failed: 0,
    };
    events::raise(EVENT, account, &job)
}

/// Sends one. What the service says of it never fails the event: the host would deliver it again, sent or not.
pub fn send_text(event: Event<Job>) -> Result<()> {
    if event.source != PLUGIN {
        log::warn!("{} can't have texts sent", event.source);
        return Ok(());
    }
    if event.attempt > 1 {
        log::warn!(
            "text {} may have left before its delivery failed, and is not sent",
            event.id
        );
        return Ok(());
    }
    let job = event.payload;
    let (Some(mut phone), Some(service)) = (PHONES.get(&job.user_id)?, Account::configured())
    else {
        return Ok(());
    };
    let Some(words) = words(&job, &mut phone)? else {
        return Ok(());
    };
    match service.send(&phone.number, &words) {
        Outcome::Accepted => Ok(()),
        Outcome::Later(reason) => again(job, &reason),
        Outcome::Refused(reason) => {
            log::warn!("a text is refused and not sent again: {reason}");
            Ok(())
        }
        Outcome::Unsubscribed => {
            log::info!("a number wants no texts any more");
            phone.is_on = false;
            PHONES.put(&job.user_id, &phone)?;
            Ok(())
        }
        Outcome::Unknown(reason) => {
            log::warn!("a text may have left and is not sent again: {reason}");
            Ok(())
        }
        Outcome::Unconfigured => {
            log::debug!("no text is sent: the operator has not set all of the credentials");
            Ok(())
        }
    }
}

/// The words, if they may still go to this number.
fn words(job: &Job, phone: &mut Phone) -> Result<Option<String>> {
    match &job.what {
        What::News(words) => Ok(phone.takes_news().then(|| words.clone())),
        What::Code(id) => {
            let digits = verification::draw(&job.user_id, phone, id)?;
            if digits.is_some() {
                PHONES.put(&job.user_id, phone)?;
            }
            Ok(digits.map(|digits| messages::code_text(&digits)))
        }
    }
}

/// Leaves a message that was not taken for later, while it is worth it.
fn again(job: Job, reason: &str) -> Result<()> {
    let pause = PAUSE_MS_MIN.saturating_mul(2_u64.saturating_pow(job.failed));
    let pause = pause.min(PAUSE_MS_MAX);
    // Up to a quarter more by chance: what failed together does not come back together.
    let chance = random::bytes(1).first().copied().unwrap_or_default();
    let pause = pause.saturating_add(pause.saturating_mul(chance.into()) / 1_024);
    let at = clock::now_ms().saturating_add(pause);
    if at > job.until_ms {
        log::warn!(
            "a text is given up after {} tries: {reason}",
            job.failed.saturating_add(1)
        );
        return Ok(());
    }
    log::info!("a text is sent again in {pause} ms: {reason}");
    let job = Job {
        failed: job.failed.saturating_add(1),
        ..job
    };
    let account = job.user_id.clone();
    events::raise_at(EVENT, &account, &job, at)
}
