//! Finding out what Stripe did not tell here, and ending what was granted for a while.

use stoa_guest::outbound::Trouble;
use stoa_guest::prelude::*;

use crate::account::Account;
use crate::subscription::{self, What, Word};
use crate::{entitlement, stripe};

/// A subscription of which nothing was heard for so long is asked after: six hours, a fraction of any grace.
const SILENCE_MS: u64 = 6 * 3_600_000;
/// Subscriptions of one review that are asked after: each question takes a part of the review's time.
const QUESTIONS_MAX: usize = 2;

/// A turn. An organisation that never began to pay costs one look.
pub fn review(_turn: Turn) -> Result<()> {
    let Some(mut account) = Account::find()? else {
        return Ok(());
    };
    let before = account.clone();
    if let Err(trouble) = ask_after_page(&mut account)? {
        log::warn!("the page is asked after later: {}", Problem::from(trouble));
    }
    if let Err(trouble) = ask_after_subscriptions()? {
        log::warn!(
            "subscriptions are asked after later: {}",
            Problem::from(trouble)
        );
    }
    entitlement::settle(&mut account)?;
    if account != before {
        account.save()?;
    }
    Ok(())
}

/// A question's outcome: what the store says of it, and what Stripe does.
type Asked = Result<std::result::Result<(), Trouble>>;

/// Whether somebody has paid on the page that was handed out.
fn ask_after_page(account: &mut Account) -> Asked {
    let Some(open) = account.open.clone() else {
        return Ok(Ok(()));
    };
    let session = match stripe::session(&open.session) {
        Ok(session) => session,
        Err(trouble) => return Ok(Err(trouble)),
    };
    match session.status.as_deref() {
        Some("complete") => {
            account.open = None;
            if let Some(customer) = session.customer {
                account.customer.get_or_insert(customer);
            }
            if let Some(id) = session.subscription {
                return ask_after(&id);
            }
        }
        Some("expired") => account.open = None,
        _ => {}
    }
    Ok(Ok(()))
}

fn ask_after_subscriptions() -> Asked {
    let now = clock::now_ms();
    let mut silent = subscription::all()?;
    silent.retain(|stored| {
        let known = &stored.value;
        !known.has_ended && known.heard_at.saturating_add(SILENCE_MS) <= now
    });
    silent.sort_by_key(|stored| stored.value.heard_at);
    for stored in silent.into_iter().take(QUESTIONS_MAX) {
        if let Err(trouble) = ask_after(&stored.id)? {
            return Ok(Err(trouble));
        }
    }
    Ok(Ok(()))
}

/// How a subscription stands now.
fn ask_after(id: &str) -> Asked {
    let what = match stripe::subscription(id) {
        Ok(subscription) => subscription.what(),
        Err(Trouble::Refused(refusal)) if refusal.status == 404 => What::Ended,
        Err(trouble) => return Ok(Err(trouble)),
    };
    subscription::hear(
        id,
        Word {
            at_s: clock::now_ms() / 1_000,
            event: String::new(),
            what,
        },
    )?;
    Ok(Ok(()))
}
