//! Sending an administrator to where a plan is paid for.

use serde::{Deserialize, Serialize};
use stoa_guest::outbound::Trouble;
use stoa_guest::prelude::*;

use crate::account::{Account, Open};
use crate::stripe::{self, NewSession};
use crate::{offer, subscription};

/// A page is not handed out any more this shortly before its end.
const MARGIN_S: u64 = 120;

/// A plan to pay for.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    #[serde(alias = "planId")]
    pub plan: String,
}

/// Where to go.
#[derive(Debug, Serialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// `checkout` for paying; `portal` for changing what is paid for already.
    pub kind: &'static str,
    pub session_id: String,
    pub url: String,
}

pub fn check_out(caller: Caller, Json(wish): Json<Wish>) -> Result<Json<Checkout>> {
    let plan = wish.plan;
    if !plans::list().iter().any(|known| known.id == plan) {
        return Err(Problem::unprocessable("plan", "There is no such plan."));
    }
    let prices = offer::prices()?;
    let price = prices
        .get(&plan)
        .ok_or_else(|| Problem::conflict("not-for-sale", "This plan is not for sale."))?;
    let mut account = Account::open()?;
    let back = url("success_url")?;
    if pays_already()? {
        return portal(&account, &back);
    }
    if let Some(open) = account.open.take() {
        if open.plan == plan && open.is_good() {
            return Ok(shown(open));
        }
        close(&open)?;
    }
    account.checkouts += 1;
    let session = stripe::begin(&NewSession {
        account: &account.id,
        number: account.checkouts,
        customer: account.customer.as_deref(),
        email: caller.email.as_deref(),
        plan: &plan,
        price: &price.price,
        success_url: &back,
        cancel_url: &settings::get("cancel_url").unwrap_or_else(|| back.clone()),
    })?;
    let open = Open {
        session: session.id,
        plan,
        url: session.url.ok_or_else(nowhere)?,
        expires_at_s: session.expires_at,
    };
    account.open = Some(open.clone());
    account.save()?;
    Ok(shown(open))
}

impl Open {
    /// Whether somebody may be sent there.
    fn is_good(&self) -> bool {
        clock::now_ms() / 1_000 + MARGIN_S < self.expires_at_s
    }
}

fn shown(open: Open) -> Json<Checkout> {
    Json(Checkout {
        kind: "checkout",
        session_id: open.session,
        url: open.url,
    })
}

/// Whether there is a subscription already: nobody is to pay for two.
fn pays_already() -> Result<bool> {
    let all = subscription::all()?;
    Ok(all.iter().any(|stored| stored.value.is_alive()))
}

fn portal(account: &Account, back: &str) -> Result<Json<Checkout>> {
    let Some(customer) = &account.customer else {
        return Err(Problem::conflict(
            "already-subscribed",
            "The organisation pays for a plan already.",
        ));
    };
    let session = stripe::portal(customer, back)?;
    Ok(Json(Checkout {
        kind: "portal",
        session_id: session.id,
        url: session.url.ok_or_else(nowhere)?,
    }))
}

/// Closes a page that was handed out, before another one is: on two of them, somebody could pay twice.
fn close(open: &Open) -> Result<()> {
    match stripe::close(&open.session) {
        Ok(_) => Ok(()),
        // It is over already: expired, or just paid on.
        Err(Trouble::Refused(_)) => {
            let session = stripe::session(&open.session)?;
            match session.status.as_deref() {
                Some("complete") => Err(Problem::conflict(
                    "already-subscribed",
                    "The plan chosen before has just been paid for.",
                )),
                _ => Ok(()),
            }
        }
        Err(trouble) => Err(trouble.into()),
    }
}

fn url(name: &str) -> Result<String> {
    settings::get(name).ok_or_else(|| {
        let detail = format!("The operator has not set {name}.");
        Problem::new(503, "not-configured", detail)
    })
}

fn nowhere() -> Problem {
    Problem::new(502, "bad-gateway", "Stripe did not say where to go.")
}
