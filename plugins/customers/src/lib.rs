//! Who has bought or may buy, as administrators see them.

mod check;
mod customer;
mod events;
mod personal;
mod sales;
#[cfg(test)]
mod tests;
mod tier;
mod view;

use serde::Deserialize;
use serde_json::{Map, Value};
use stoa_guest::Window;
use stoa_guest::prelude::*;

use crate::customer::{CUSTOMERS, Customer, Profile};
use crate::events::{on_order, on_registered, on_verified};
use crate::personal::{forget, personal_data};
use crate::view::{CustomerList, CustomerView, OrderList};

stoa_guest::plugin!("plugin.toml");

/// Which customers.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
struct CustomerQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
    /// In any case; a word that nobody has finds nobody.
    tier: Option<String>,
    /// The whole address, in any case.
    email: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
struct PageQuery {
    /// Elements of the page: 20 if absent, 200 at most.
    limit: Option<u32>,
    /// Elements to skip, 10,000 at most.
    offset: Option<u32>,
}

/// A customer as an administrator makes one.
#[derive(Debug, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    email: String,
    #[serde(default)]
    name: Option<String>,
    /// A word of at most 40 characters. Holds until it is changed, whatever the customer spends.
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    address: Option<String>,
    /// The account whose orders are the customer's, if it is known.
    #[serde(default)]
    account_id: Option<String>,
}

/// Members of a customer to change. What is absent stays; null removes what may be absent, and the tier is again
/// what the customer has spent. What can only be read may come along as it was read.
#[derive(Debug, Deserialize, Schema)]
struct CustomerChange(Map<String, Value>);

fn list_customers(Query(query): Query<CustomerQuery>) -> Result<Json<CustomerList>> {
    let window = Window::of(query.limit, query.offset, None)?;
    let filters = query
        .tier
        .map(|tier| eq("tier", tier::key(tier.trim())))
        .into_iter()
        .chain(
            query
                .email
                .map(|email| eq("email", email.trim().to_lowercase())),
        );
    let asked = CUSTOMERS.query().filter(and(filters));
    let page = window.page(asked.sort_desc("createdAt").with_total())?;
    let items = page.items.into_iter();
    Ok(Json(CustomerList {
        items: items
            .map(|found| CustomerView::of(found.id, found.value))
            .collect(),
        total: page.total.unwrap_or_default(),
        limit: window.limit,
        offset: window.offset,
    }))
}

fn get_customer(Path(id): Path<String>) -> Result<Json<CustomerView>> {
    let mut customer = found(&id)?;
    // What was spent is told as it is now, not as events have told it.
    customer.count()?;
    Ok(Json(CustomerView::of(id, customer)))
}

fn create_customer(Json(new): Json<NewCustomer>) -> Result<Created<Json<CustomerView>>> {
    let profile = Profile {
        email: Some(new.email),
        name: new.name,
        tier: new.tier,
        phone: new.phone,
        address: new.address,
    };
    let account_id = check::optional_id("account_id", new.account_id.as_deref())?;
    let mut customer = Customer::new(account_id.clone());
    customer.rewrite(profile)?;
    if customer.email.is_none() {
        return Err(without_email());
    }
    customer.count()?;
    let id = account_id.unwrap_or_else(random::ulid);
    CUSTOMERS.create(&id, &customer)?;
    Ok(Created(Json(CustomerView::of(id, customer))))
}

fn change_customer(Path(id): Path<String>, request: Request) -> Result<Json<CustomerView>> {
    let mut customer = found(&id)?;
    // As `get_customer` shows it.
    customer.count()?;
    let shown = CustomerView::of(id.clone(), customer.clone());
    let profile = check::merged(&customer.profile(), &shown, &request)?;
    let had_email = customer.email.is_some();
    customer.rewrite(profile)?;
    if had_email && customer.email.is_none() {
        return Err(without_email());
    }
    CUSTOMERS.put(&id, &customer)?;
    Ok(Json(CustomerView::of(id, customer)))
}

fn delete_customer(Path(id): Path<String>) -> Result<NoContent> {
    found(&id)?;
    CUSTOMERS.delete(&id)?;
    Ok(NoContent)
}

fn list_orders(Path(id): Path<String>, Query(query): Query<PageQuery>) -> Result<Json<OrderList>> {
    let customer = found(&id)?;
    let window = Window::of(query.limit, query.offset, None)?;
    sales::orders(customer.account_id.as_deref(), &window).map(Json)
}

/// The customer of an id; what can't be an id is nobody's.
fn found(id: &str) -> Result<Customer> {
    let customer = match check::is_id(id) {
        true => CUSTOMERS.get(id)?,
        false => None,
    };
    customer.ok_or_else(|| Problem::not_found("customer"))
}

fn without_email() -> Problem {
    Problem::invalid("email", "A customer has an e-mail address.")
}
