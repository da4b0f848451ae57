//! From news to a payment's next state, and what follows from it.
//!
//! States only go forward, sums only grow, and each consequence hangs on a member that is set once. So the same news
//! twice changes nothing, and news in another order ends in the same state.

use stoa_guest::prelude::*;

use crate::journal::{self, Kind};
use crate::news::{News, What};
use crate::orders;
use crate::payment::{Payment, Refund, Settled, Status};
use crate::shop::{self, Verdict};
use crate::tasks::{self, Task};
use crate::{amounts, announce};

/// What news did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The payment is further on.
    Applied,
    /// It was known, or does not matter.
    Unchanged,
    /// It is not about what we asked the provider for. Nothing was done.
    Suspicious(String),
}

/// Lets a payment take news, and keeps what has become of it.
pub fn apply(payment: &mut Payment, news: &News) -> Result<Outcome> {
    let before = payment.clone();
    let strange = match contradiction(payment, news) {
        Some(reason) => Some(reason),
        None => step(payment, &news.what)?,
    };
    if let Some(reason) = &strange {
        log::error!("payment {}: {reason}", payment.id);
        journal::note(payment, Kind::Suspicious, reason)?;
    }
    if strange.is_none() {
        let known = &mut payment.provider_id;
        known.get_or_insert_with(|| news.provider_id.clone());
    }
    let is_same = before == *payment;
    if !is_same && before.status != payment.status {
        journal::note(payment, Kind::State, payment.status.word())?;
    }
    // Also unchanged: the provider has just been heard of, so it need not be asked soon.
    payment.save()?;
    Ok(match strange {
        Some(reason) => Outcome::Suspicious(reason),
        None if is_same => Outcome::Unchanged,
        None => Outcome::Applied,
    })
}

/// How news differs from what the provider was asked for.
fn contradiction(payment: &Payment, news: &News) -> Option<String> {
    let ours = payment.provider_id.as_deref();
    if ours.is_some_and(|id| id != news.provider_id) {
        return Some(format!("{} is not the provider's object", news.provider_id));
    }
    let of_order = news.order_id.as_deref();
    if of_order.is_some_and(|id| id != payment.order_id) {
        return Some("it names another order".into());
    }
    let (units, currency) = news.amount.as_ref()?;
    let currency = currency.to_ascii_uppercase();
    if currency != payment.amount.currency {
        return Some(format!("it is about {currency}"));
    }
    let minor = amounts::of_provider(payment.provider, *units, &currency);
    (minor != Some(payment.amount.minor)).then(|| format!("it is about {units} {currency}"))
}

/// Takes one step; tells what is strange about it, if anything.
fn step(payment: &mut Payment, what: &What) -> Result<Option<String>> {
    match what {
        What::Nothing => {}
        What::RequiresAction => {
            payment.reach(Status::RequiresAction);
        }
        What::Processing => {
            payment.reach(Status::Processing);
        }
        What::Authorized(charge) => authorized(payment, charge)?,
        What::Failed(reason) => failed(payment, reason)?,
        What::Canceled => {
            payment.reach(Status::Canceled);
        }
        What::Succeeded(charge) => return succeeded(payment, charge.as_deref()),
        What::Refunded { charge, units } => return refunded(payment, charge.as_deref(), *units),
        What::RefundFailed(reason) => refund_failed(payment, reason)?,
    }
    Ok(None)
}

/// Fetches money that is reserved, unless money came in already.
fn authorized(payment: &mut Payment, charge: &str) -> Result<()> {
    payment.reach(Status::Processing);
    if payment.settled.is_none() {
        tasks::give(payment, Task::Capture(charge.into()))?;
    }
    Ok(())
}

fn failed(payment: &mut Payment, reason: &str) -> Result<()> {
    if payment.reach(Status::Failed) {
        payment.reason = Some(reason.into());
        shop::payment_failed(&payment.order_id, &payment.id, reason)?;
        announce::failed(payment, reason)?;
    }
    Ok(())
}

/// The money came in: tells the order, once, and gives the money back if the order can't take it.
fn succeeded(payment: &mut Payment, charge: Option<&str>) -> Result<Option<String>> {
    if payment.settled.is_some() {
        return Ok(another_charge(payment, charge));
    }
    let settled = match shop::settle(payment)? {
        Verdict::Settled(settled) => settled,
        Verdict::Strange(reason) => {
            payment.is_held = true;
            return Ok(Some(reason));
        }
    };
    payment.is_held = false;
    payment.reach(Status::Succeeded);
    payment.charge = charge.map(Into::into);
    match settled {
        orders::Settled::Refused => {
            payment.settled = Some(Settled::Refused);
            give_back(payment, "the order can't take the money")?;
        }
        orders::Settled::Already => payment.settled = Some(Settled::Paid),
        orders::Settled::Paid => {
            payment.settled = Some(Settled::Paid);
            if let Some(order) = shop::order(&payment.order_id)? {
                announce::succeeded(payment, &order)?;
            }
        }
    }
    Ok(None)
}

/// Money by another charge than the one that is known.
fn another_charge(payment: &mut Payment, charge: Option<&str>) -> Option<String> {
    let charge = charge?;
    let known = payment.charge.get_or_insert_with(|| charge.into());
    (known != charge).then(|| format!("{charge} paid what {known} had paid"))
}

/// So much of the money has gone back by now. That tells, too, that it had come in.
fn refunded(payment: &mut Payment, charge: Option<&str>, units: i64) -> Result<Option<String>> {
    let currency = payment.amount.currency.as_str();
    let minor = amounts::of_provider(payment.provider, units, currency);
    let Some(minor) = minor.filter(|minor| (0..=payment.amount.minor).contains(minor)) else {
        return Ok(Some(format!("{units} {currency} are said to be refunded")));
    };
    if let Some(strange) = succeeded(payment, charge)? {
        return Ok(Some(strange));
    }
    if minor > payment.refunded_minor {
        went_back(payment, minor)?;
    }
    Ok(None)
}

/// More went back than was known.
fn went_back(payment: &mut Payment, minor: i64) -> Result<()> {
    let before = std::mem::replace(&mut payment.refunded_minor, minor);
    let note = format!("{minor} in minor units are back");
    journal::note(payment, Kind::Refund, &note)?;
    let is_whole = minor == payment.amount.minor;
    if is_whole {
        payment.reach(Status::Refunded);
        payment.refund = Some(Refund::Done);
    }
    // Of money that the order did not take, nobody was told.
    if payment.settled != Some(Settled::Paid) {
        return Ok(());
    }
    match is_whole {
        true => shop::refunded(&payment.order_id, &payment.id)?,
        false => shop::refunded_part(&payment.order_id, &payment.id, minor)?,
    }
    match shop::order(&payment.order_id)? {
        Some(order) => announce::refunded(payment, before, &order),
        None => Ok(()),
    }
}

fn refund_failed(payment: &mut Payment, reason: &str) -> Result<()> {
    log::error!("payment {}: a refund failed: {reason}", payment.id);
    journal::note(payment, Kind::Refund, &format!("failed: {reason}"))?;
    // One that is still to be asked for is another one.
    if payment.refund == Some(Refund::Requested) {
        payment.refund = Some(Refund::Failed);
    }
    Ok(())
}

/// Lets the money go back, once.
pub fn give_back(payment: &mut Payment, reason: &str) -> Result<()> {
    if payment.refund.is_some() || payment.status != Status::Succeeded {
        return Ok(());
    }
    payment.refund = Some(Refund::Due);
    journal::note(payment, Kind::Refund, &format!("due: {reason}"))?;
    tasks::give(payment, Task::Refund)
}
