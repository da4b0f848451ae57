//! Customers that come by themselves: who signs up or orders.

use serde::Deserialize;
use stoa_guest::prelude::*;

use crate::check;
use crate::customer::{CUSTOMERS, Customer};
use crate::personal::FORGOTTEN;

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

/// What the host tells of somebody who has shown that an address is theirs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    user_id: String,
    email: String,
}

pub fn on_registered(event: Event<Registered>) -> Result<()> {
    let Registered {
        user_id,
        email,
        name,
    } = event.payload;
    if FORGOTTEN.has(&user_id)? {
        return Ok(());
    }
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
    if FORGOTTEN.has(&buyer_id)? {
        return Ok(());
    }
    let (id, mut customer) = of_account(buyer_id, buyer_email.as_deref(), None)?;
    customer.count()?;
    CUSTOMERS.put(&id, &customer)?;
    Ok(())
}

/// A record that an administrator made by hand is joined to the account that has shown to have its address.
/// Whoever merely writes the address joins nobody. What is known of the account goes before what was known of the address.
pub fn on_verified(event: Event<Verified>) -> Result<()> {
    let Verified { user_id, email } = event.payload;
    if FORGOTTEN.has(&user_id)? {
        return Ok(());
    }
    let Some(email) = check::email("email", Some(&email)).unwrap_or_default() else {
        return Ok(());
    };
    let own = by("accountId", &user_id)?;
    match by("email", &email)? {
        Some((id, made)) if made.account_id.is_none() => {
            let mut joined = Customer {
                account_id: Some(user_id),
                ..made
            };
            if let Some((own_id, own)) = own {
                CUSTOMERS.delete(&own_id)?;
                joined.name = own.name.or(joined.name);
                joined.phone = own.phone.or(joined.phone);
                joined.address = own.address.or(joined.address);
                joined.assigned_tier = own.assigned_tier.or(joined.assigned_tier);
            }
            joined.count()?;
            CUSTOMERS.put(&id, &joined)?;
        }
        // It is known already, or an administrator has given it to somebody else.
        Some(_) => {}
        None => {
            let (id, mut customer) = of_account(user_id, None, None)?;
            customer.email.get_or_insert(email);
            CUSTOMERS.put(&id, &customer)?;
        }
    }
    Ok(())
}

/// The customer that an account is, or will be.
fn of_account(
    account: String,
    email: Option<&str>,
    name: Option<&str>,
) -> Result<(String, Customer)> {
    if let Some(found) = by("accountId", &account)? {
        return Ok(found);
    }
    // What others tell is taken as far as it makes sense, and an address if it is nobody's yet.
    let mut email = check::email("email", email).unwrap_or_default();
    if let Some(address) = &email
        && by("email", address)?.is_some()
    {
        email = None;
    }
    let fresh = Customer {
        email,
        name: check::line("name", name, check::NAME_CHARS_MAX).unwrap_or_default(),
        ..Customer::new(Some(account.clone()))
    };
    Ok((account, fresh))
}

/// The customer whose unique field has this value.
pub fn by(field: &str, value: &str) -> Result<Option<(String, Customer)>> {
    let page = CUSTOMERS.query().filter(eq(field, value)).limit(1).run()?;
    let found = page.items.into_iter().next();
    Ok(found.map(|found| (found.id, found.value)))
}
