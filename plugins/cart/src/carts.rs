//! Whose cart it is, and where it is kept.

use stoa_guest::prelude::*;

use crate::cart::Cart;

const CARTS: Collection<Cart> = Collection::new("carts");

/// A cart and where it is kept.
pub struct Owned {
    key: String,
    pub cart: Cart,
}

impl Owned {
    /// Keeps what has become of the cart.
    pub fn save(&mut self) -> Result<()> {
        self.cart.id.get_or_insert_with(random::ulid);
        self.cart.updated_at = clock::now_ms();
        CARTS.put(&self.key, &self.cart)?;
        Ok(())
    }
}

/// The shopper's cart. What was collected before signing in comes along, once.
pub fn open(shopper: &Shopper) -> Result<Owned> {
    // Read first: if another request has just taken it in, it is gone here, and the cart read next has it.
    let collected = match collected(shopper) {
        Some(key) => CARTS.get(&key)?.map(|cart| (key, cart)),
        None => None,
    };
    let key = shopper.id();
    let mut owned = Owned {
        cart: CARTS.get_or_default(&key)?,
        key,
    };
    if let Some((session_key, collected)) = collected
        // Of another currency, the session's cart stays where it is until the user's is empty.
        && owned.cart.absorb(&collected)
    {
        CARTS.delete(&session_key)?;
        owned.save()?;
    }
    Ok(owned)
}

/// Forgets the shopper's cart, and what the session collected.
pub fn clear(shopper: &Shopper) -> Result<()> {
    CARTS.delete(&shopper.id())?;
    if let Some(session_key) = collected(shopper) {
        CARTS.delete(&session_key)?;
    }
    Ok(())
}

/// Forgets what was ordered, which is what [`open`] shows: a session's cart of another currency stays.
pub fn ordered(shopper: &Shopper) -> Result<()> {
    let owned = open(shopper)?;
    CARTS.delete(&owned.key)?;
    Ok(())
}

/// Where a signed-in shopper's cart from before may be.
fn collected(shopper: &Shopper) -> Option<String> {
    shopper.account()?;
    shopper.session().map(|session| format!("s:{session}"))
}
