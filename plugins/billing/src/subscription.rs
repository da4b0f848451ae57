//! What is known of a subscription, from news that comes in any order: the newest counts, by the time at which it
//! happened, and the end of a subscription is its end.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

pub const SUBSCRIPTIONS: Collection<Subscription> = Collection::new("subscriptions");

/// Subscriptions of one organisation that are looked at: it has one, and those that ended before.
pub const SUBSCRIPTIONS_MAX: u32 = 50;
/// Failed payments that are remembered: the first since the last good one counts.
const FAILURES_MAX: usize = 32;

/// How a subscription stands. Of news of one second, the later one here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its first payment is not made.
    Waiting,
    /// It is paid for.
    Active,
    /// A payment for it failed.
    PastDue,
    /// It is not paid for, and not over.
    Stopped,
}

/// News of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// When it happened, in seconds since 1970.
    pub at_s: u64,
    /// The event that told it; empty of what was asked for.
    pub event: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It stands so.
    Stands {
        standing: Standing,
        /// Stripe's price, if it was told.
        price: Option<String>,
        /// The plan that was checked out with it, if that was told.
        plan: Option<String>,
    },
    /// A payment failed.
    Failed,
    /// It is over.
    Ended,
}

/// The newest that was told of how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub at_s: u64,
    pub event: String,
    pub standing: Standing,
    pub price: Option<String>,
    pub plan: Option<String>,
}

/// A subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    pub told: Option<Told>,
    pub has_ended: bool,
    /// When it was last known to be paid for.
    pub paid_at_s: u64,
    /// When payments failed, the earliest first.
    pub failed_at_s: Vec<u64>,
    /// When it was last heard of, in milliseconds since 1970.
    pub heard_at: u64,
}

impl Subscription {
    /// Takes news.
    pub fn hear(&mut self, word: Word) {
        match word.what {
            What::Ended => self.has_ended = true,
            What::Failed => self.failed(word.at_s),
            What::Stands {
                standing,
                price,
                plan,
            } => {
                match standing {
                    Standing::Active => self.paid(word.at_s),
                    Standing::PastDue => self.failed(word.at_s),
                    Standing::Waiting | Standing::Stopped => {}
                }
                self.tell(Told {
                    at_s: word.at_s,
                    event: word.event,
                    standing,
                    price,
                    plan,
                });
            }
        }
    }

    fn tell(&mut self, told: Told) {
        let order = |told: &Told| (told.at_s, told.standing, told.event.clone());
        if self
            .told
            .as_ref()
            .is_none_or(|known| order(known) < order(&told))
        {
            self.told = Some(told);
        }
    }

    fn paid(&mut self, at_s: u64) {
        let paid_at_s = self.paid_at_s.max(at_s);
        self.paid_at_s = paid_at_s;
        // What failed before is made up for.
        self.failed_at_s.retain(|failed| *failed > paid_at_s);
    }

    fn failed(&mut self, at_s: u64) {
        if at_s <= self.paid_at_s {
            return;
        }
        if let Err(place) = self.failed_at_s.binary_search(&at_s) {
            self.failed_at_s.insert(place, at_s);
            self.failed_at_s.truncate(FAILURES_MAX);
        }
    }

    /// Whether anybody has ever paid for it.
    pub const fn was_paid(&self) -> bool {
        self.paid_at_s > 0
    }

    /// Since when it is not paid for; none while it is.
    fn unpaid_since_s(&self, told: &Told) -> Option<u64> {
        let failed = self.failed_at_s.first().copied();
        failed.or_else(|| (told.standing == Standing::PastDue).then_some(told.at_s))
    }

    /// What it entitles to now: the price that is paid, and the plan that was checked out, as far as they are known.
    pub fn entitles(&self, now_s: u64, grace_s: u64) -> Option<&Told> {
        let told = self.told.as_ref().filter(|_| !self.has_ended)?;
        if matches!(told.standing, Standing::Waiting | Standing::Stopped) {
            return None;
        }
        let is_in_grace = |since_s: u64| now_s < since_s.saturating_add(grace_s);
        self.unpaid_since_s(told)
            .is_none_or(is_in_grace)
            .then_some(told)
    }

    /// Whether money is still taken for it.
    pub fn is_alive(&self) -> bool {
        let standing = self.told.as_ref().map(|told| told.standing);
        !self.has_ended && standing.is_some_and(|standing| standing != Standing::Waiting)
    }
}

/// A subscription, or an unknown one to hear of.
pub fn open(id: &str) -> Result<Subscription> {
    Ok(SUBSCRIPTIONS.get_or_default(id)?)
}

/// Takes news of a subscription, and keeps it.
pub fn hear(id: &str, word: Word) -> Result<()> {
    let mut subscription = open(id)?;
    subscription.hear(word);
    subscription.heard_at = clock::now_ms();
    SUBSCRIPTIONS.put(id, &subscription)?;
    Ok(())
}

/// All subscriptions of the organisation.
pub fn all() -> Result<Vec<Stored<Subscription>>> {
    let page = SUBSCRIPTIONS.query().limit(SUBSCRIPTIONS_MAX).run()?;
    Ok(page.items)
}
