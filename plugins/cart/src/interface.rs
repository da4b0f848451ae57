//! What other plugins ask of carts: the same that their owners see.

use stoa_guest::prelude::*;

use crate::carts;
use crate::provided::cart as wire;

impl wire::Guest for crate::Plugin {
    fn contents(owner: wire::Owner) -> Result<Vec<wire::Line>, wire::Error> {
        let owned = carts::open(&shopper(owner)?).map_err(failed)?;
        let lines = owned.cart.lines.into_iter().map(|line| wire::Line {
            product_id: line.product_id,
            quantity: line.quantity,
        });
        Ok(lines.collect())
    }

    fn clear(owner: wire::Owner) -> Result<(), wire::Error> {
        carts::ordered(&shopper(owner)?).map_err(failed)
    }
}

/// Who is meant. An account or a session without a name would be everybody's.
fn shopper(owner: wire::Owner) -> Result<Shopper, wire::Error> {
    let named = |name: &String| !name.is_empty();
    let account = Some(owner.account).filter(named);
    let session = owner.session.filter(named);
    if account.is_none() && session.is_none() {
        return Err(wire::Error::Other("a cart of nobody".into()));
    }
    Ok(Shopper::new(account, session))
}

fn failed(problem: Problem) -> wire::Error {
    wire::Error::Other(problem.to_string())
}
