//! From subscriptions to the organisation's plan.

use stoa_guest::prelude::*;

use crate::account::Account;
use crate::offer;
use crate::subscription::{self, Told};

const DAY_S: u64 = 86_400;
/// Days of grace at most: Stripe gives up on a payment long before.
const GRACE_DAYS_MAX: u64 = 60;

/// Puts the organisation on the plan that its subscriptions entitle it to, if that is another one than before. What an
/// operator gave it in between stands until then.
pub fn settle(account: &mut Account) -> Result<()> {
    let all = subscription::all()?;
    if all.is_empty() {
        return Ok(());
    }
    let now_s = clock::now_ms() / 1_000;
    let grace_days = settings::get("grace_days").unwrap_or(7_u64);
    let grace_s = grace_days.min(GRACE_DAYS_MAX) * DAY_S;
    let prices = offer::prices()?;
    let on_offer: Vec<String> = plans::list().into_iter().map(|plan| plan.id).collect();
    // The smallest plan is what is left to who pays nothing; of several that are paid for, the largest counts.
    let mut best = 0;
    for stored in &all {
        let Some(told) = stored.value.entitles(now_s, grace_s) else {
            continue;
        };
        let of_price = prices
            .iter()
            .find(|(_, price)| told.price.as_deref() == Some(price.price.as_str()))
            .map(|(plan, _)| plan.as_str());
        let plan = of_price.or(told.plan.as_deref());
        match on_offer.iter().position(|id| Some(id.as_str()) == plan) {
            Some(position) => best = best.max(position),
            None => {
                unknown(&stored.id, told);
                return Ok(());
            }
        }
    }
    let Some(plan) = on_offer.get(best) else {
        return Ok(());
    };
    // Nobody has paid for anything yet: what an operator has given stays.
    if account.granted.is_none() && !all.iter().any(|stored| stored.value.was_paid()) {
        return Ok(());
    }
    if account.granted.as_ref() != Some(plan) {
        plans::change(plan)?;
        log::info!("the organisation is on the plan {plan} by its subscriptions");
        account.granted = Some(plan.clone());
    }
    Ok(())
}

/// Somebody pays for something that is not on offer any more: nothing is taken from them by guessing.
fn unknown(id: &str, told: &Told) {
    log::error!(
        "subscription {id} is for no plan on offer: price {:?}, plan {:?}",
        told.price,
        told.plan
    );
}
