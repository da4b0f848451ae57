//! Customers that come by themselves: who signs up or orders.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::check;
use crate::customer::{CUSTOMERS, Customer};

/// What the host tells of somebody who signed up.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    user_id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

/// What is told of an order or of its payment, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ordered {
    buyer_id: String,
    #[serde(default)]
    buyer_email: Option<String>,
}

pub fn on_registered(event: Event<Registered>) -> Result<()> {
    let Registered {
        user_id,
        email,
        name,
    } = event.payload;
    let (id, customer) = of_account(user_id, email.as_deref(), name.as_deref())?;
    CUSTOMERS.put(&id, &customer)?;
    Ok(())
}

/// What somebody has spent changed: so does the tier that lists are asked for.
pub fn on_order(event: Event<Ordered>) -> Result<()> {
    let Ordered {
        buyer_id,
        buyer_email,
    } = event.payload;
    let (id, mut customer) = of_account(buyer_id, buyer_email.as_deref(), None)?;
    customer.count()?;
    CUSTOMERS.put(&id, &customer)?;
    Ok(())
}

/// The customer that an account is: known as such, known by its e-mail address alone, or new.
fn of_account(
    account: String,
    email: Option<&str>,
    name: Option<&str>,
) -> Result<(String, Customer)> {
    if let Some(found) = by("accountId", &account)? {
        return Ok(found);
    }
    // What others tell is taken as far as it makes sense.
    let email = check::email("email", email).unwrap_or_default();
    let name = check::line("name", name, check::NAME_CHARS_MAX).unwrap_or_default();
    let known = match &email {
        Some(email) => by("email", email)?,
        None => None,
    };
    match known {
        Some((id, customer)) if customer.account_id.is_none() => {
            let joined = Customer {
                account_id: Some(account),
                name: customer.name.clone().or(name),
                ..customer
            };
            Ok((id, joined))
        }
        known => {
            let fresh = Customer {
                // Somebody else's if another account has had it before.
                email: email.filter(|_| known.is_none()),
                name,
                ..Customer::new(Some(account.clone()))
            };
            Ok((account, fresh))
        }
    }
}

/// The customer whose unique field has this value.
fn by(field: &str, value: &str) -> Result<Option<(String, Customer)>> {
    let page = CUSTOMERS.query().filter(eq(field, value)).limit(1).run()?;
    let found = page.items.into_iter().next();
    Ok(found.map(|found| (found.id, found.value)))
}
