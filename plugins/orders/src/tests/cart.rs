//! The carts of these tests.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::cart::{Error, Line, Owner};

type Carts = BTreeMap<(String, Option<String>), Vec<Line>>;

thread_local! {
    static CARTS: RefCell<Carts> = const { RefCell::new(BTreeMap::new()) };
}

/// Puts something into the cart of an account and a session.
pub fn put(account: &str, session: Option<&str>, product_id: &str, quantity: u32) {
    let line = Line {
        product_id: product_id.into(),
        quantity,
    };
    let key = (account.to_owned(), session.map(Into::into));
    CARTS.with_borrow_mut(|carts| carts.entry(key).or_default().push(line));
}

/// All of them, to be put back if a request fails.
pub fn all() -> Carts {
    CARTS.with_borrow(Clone::clone)
}

/// Makes these the carts.
pub fn set(carts: Carts) {
    CARTS.set(carts);
}

pub fn contents(owner: &Owner) -> Result<Vec<Line>, Error> {
    let key = (owner.account.clone(), owner.session.clone());
    Ok(all().remove(&key).unwrap_or_default())
}

pub fn clear(owner: &Owner) -> Result<(), Error> {
    let key = (owner.account.clone(), owner.session.clone());
    CARTS.with_borrow_mut(|carts| carts.remove(&key));
    Ok(())
}
