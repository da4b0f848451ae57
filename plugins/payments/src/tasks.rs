//! Work for later, one event each, which the host repeats until it succeeds. Whatever it sends bears the same
//! idempotency key at every repetition, as it is sent for the same event.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

use crate::gateway;
use crate::journal::{self, Kind};
use crate::news::{News, What};
use crate::payment::{ABANDONED_MS, PAYMENTS, Payment, Refund, Status};
use crate::progress::{self, Outcome};
use crate::shop;
use stoa_guest::outbound::Trouble;

const EVENT: &str = "payment.task";

/// What is to be done about a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    /// Ask the provider how far it is.
    Check,
    /// Fetch the money that is reserved under a charge.
    Capture(String),
    /// Give the money back.
    Refund,
    /// See to it that it is not paid any more.
    Withdraw,
}

/// A task and the payment that it is about.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    pub payment_id: String,
    pub task: Task,
}

/// Leaves a task for later. Each kind is a key of its own: none waits for another that fails.
pub fn give(payment: &Payment, task: Task) -> Result<()> {
    let word = match task {
        Task::Check => "check",
        Task::Capture(_) => "capture",
        Task::Refund => "refund",
        Task::Withdraw => "withdraw",
    };
    let key = format!("{}/{word}", payment.id);
    let payment_id = payment.id.clone();
    events::raise(EVENT, &key, &Job { payment_id, task })
}

pub fn perform(event: Event<Job>) -> Result<()> {
    let Job { payment_id, task } = event.payload;
    let Some(mut payment) = PAYMENTS.get(&payment_id)? else {
        log::warn!(
            "{EVENT} of {}: there is no payment {payment_id}",
            event.source
        );
        return Ok(());
    };
    match task {
        Task::Check => check(&mut payment),
        Task::Capture(charge) => capture(&mut payment, &charge),
        Task::Refund => refund(&mut payment),
        Task::Withdraw => withdraw(&mut payment),
    }
}

/// Asks how far the payment is. A provider that does not answer is asked again at the next turn.
fn check(payment: &mut Payment) -> Result<()> {
    if payment.check_at.is_none() {
        return Ok(());
    }
    if payment.refund == Some(Refund::Due) {
        // The event that asks for it may have been given up while the provider was away.
        payment.save()?;
        return give(payment, Task::Refund);
    }
    if payment.refund == Some(Refund::Requested) {
        return match gateway::refunded(payment) {
            Ok(news) => progress::apply(payment, &news).map(drop),
            Err(trouble) => later(payment, trouble),
        };
    }
    match ask(payment) {
        Ok(Some(news)) => {
            progress::apply(payment, &news)?;
            let age = clock::now_ms().saturating_sub(payment.created_at);
            if payment.status < Status::Canceled && age > ABANDONED_MS {
                give(payment, Task::Withdraw)?;
            }
            Ok(())
        }
        // Nobody but the provider has ever heard of it, so nobody can pay it.
        Ok(None) => cancel(payment),
        Err(trouble) => later(payment, trouble),
    }
}

/// What the provider says of a payment; none if it knows of none.
fn ask(payment: &Payment) -> Result<Option<News>, Trouble> {
    match &payment.provider_id {
        Some(provider_id) => gateway::news(payment, provider_id).map(Some),
        None => gateway::find(payment),
    }
}

fn later(payment: &mut Payment, trouble: Trouble) -> Result<()> {
    log::warn!(
        "payment {} is asked after later: {}",
        payment.id,
        Problem::from(trouble)
    );
    payment.save()
}

fn cancel(payment: &mut Payment) -> Result<()> {
    if payment.reach(Status::Canceled) {
        journal::note(payment, Kind::State, "given up")?;
    }
    payment.save()
}

/// Fetches reserved money, if the order still wants it; what is not fetched goes back by itself.
fn capture(payment: &mut Payment, charge: &str) -> Result<()> {
    let order = shop::order(&payment.order_id)?;
    if payment.settled.is_some() || !order.as_ref().is_some_and(shop::is_open) {
        log::info!("payment {}: {charge} is not fetched", payment.id);
        return Ok(());
    }
    let news = gateway::capture(payment, charge)?;
    progress::apply(payment, &news).map(drop)
}

/// Gives all of the money back, unless it is back already.
fn refund(payment: &mut Payment) -> Result<()> {
    if payment.refund != Some(Refund::Due) {
        return Ok(());
    }
    // First a look: the event may come again when the provider has forgotten its key, or somebody gave it back by hand.
    let known = gateway::refunded(payment)?;
    progress::apply(payment, &known)?;
    if payment.status == Status::Refunded {
        return Ok(());
    }
    let news = gateway::refund(payment)?;
    payment.refund = Some(Refund::Requested);
    match progress::apply(payment, &news)? {
        Outcome::Applied | Outcome::Unchanged => Ok(()),
        Outcome::Suspicious(reason) => {
            log::error!("payment {}: the refund is strange: {reason}", payment.id);
            Ok(())
        }
    }
}

/// Sees to it that the payment is not paid any more; if it was paid meanwhile, its order decides what becomes of it.
fn withdraw(payment: &mut Payment) -> Result<()> {
    if payment.status >= Status::Canceled {
        return Ok(());
    }
    if payment.provider_id.is_none() {
        match gateway::find(payment)? {
            Some(news) => progress::apply(payment, &news).map(drop)?,
            None => return cancel(payment),
        }
    }
    let news = gateway::withdraw(payment)?;
    let is_open = matches!(news.what, What::Nothing | What::Failed(_));
    progress::apply(payment, &news)?;
    // Where there is nothing to cancel, it is given up here; should it be paid after all, the money goes back.
    if is_open { cancel(payment) } else { Ok(()) }
}
