//! A cart: what a shopper means to buy, whatever it costs at the moment.

use serde::{Deserialize, Serialize};
use stoa_guest::prelude::*;

/// Different products in one cart: what the catalogue answers at once.
pub const LINES_MAX: usize = 100;
/// Pieces of one product: more is a slip of the keyboard.
pub const QUANTITY_MAX: u32 = 999;
/// How long an untouched cart lives; the manifest's `expiry_days`.
pub const EXPIRY_DAYS: u64 = 7;

const DAY_MS: u64 = 86_400_000;

/// One product of a cart, with what the catalogue said of it when it was last touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub id: String,
    pub product_id: String,
    pub quantity: u32,
    pub name: String,
    pub price: Money,
    pub thumbnail: Option<String>,
    pub vendor_id: String,
}

/// A stored cart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    /// Given when it is first kept; says nothing about the owner.
    pub id: Option<String>,
    pub lines: Vec<Line>,
    /// Milliseconds since 1970; 0 for a cart that nobody has touched yet.
    pub updated_at: u64,
}

impl Cart {
    /// When the cart ends; none for one that is not stored.
    pub fn expires_at(&self) -> Option<u64> {
        (self.updated_at > 0).then(|| self.updated_at.saturating_add(EXPIRY_DAYS * DAY_MS))
    }

    /// The currency that all lines have.
    pub fn currency(&self) -> Option<&str> {
        self.lines.first().map(|line| line.price.currency.as_str())
    }

    /// Pieces of a product that are in the cart.
    pub fn quantity_of(&self, product_id: &str) -> u32 {
        self.lines
            .iter()
            .find(|line| line.product_id == product_id)
            .map_or(0, |line| line.quantity)
    }

    /// The line that an address names: by its own id, or by its product's.
    pub fn line(&self, id: &str) -> Option<&Line> {
        self.lines
            .iter()
            .find(|line| line.id == id || line.product_id == id)
    }

    /// Removes a line; false if there is none.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.lines.len();
        self.lines
            .retain(|line| line.id != id && line.product_id != id);
        self.lines.len() < before
    }

    /// Puts a line in, or raises the one of the same product to the line's quantity.
    pub fn put(&mut self, line: Line) -> Result<()> {
        let is_foreign = |other: &Line| {
            other.product_id != line.product_id && other.price.currency != line.price.currency
        };
        if self.lines.iter().any(is_foreign) {
            return Err(Problem::conflict(
                "mixed-currencies",
                "All products of a cart have one currency.",
            ));
        }
        if let Some(present) = self
            .lines
            .iter_mut()
            .find(|present| present.product_id == line.product_id)
        {
            *present = Line {
                id: std::mem::take(&mut present.id),
                ..line
            };
            return Ok(());
        }
        if self.lines.len() >= LINES_MAX {
            return Err(Problem::conflict(
                "cart-full",
                format!("A cart holds at most {LINES_MAX} products."),
            ));
        }
        self.lines.push(line);
        Ok(())
    }

    /// Takes in the lines of another cart of the same currency; false, and nothing changes, if it is another one.
    pub fn absorb(&mut self, other: &Cart) -> bool {
        if self
            .currency()
            .zip(other.currency())
            .is_some_and(|(own, theirs)| own != theirs)
        {
            return false;
        }
        for line in &other.lines {
            if let Some(present) = self
                .lines
                .iter_mut()
                .find(|present| present.product_id == line.product_id)
            {
                present.quantity = (present.quantity + line.quantity).min(QUANTITY_MAX);
            } else if self.lines.len() < LINES_MAX {
                self.lines.push(line.clone());
            }
        }
        true
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn line(product: &str, quantity: u32, currency: &str) -> Line {
        Line {
            id: format!("line-{product}"),
            product_id: product.into(),
            quantity,
            name: product.to_uppercase(),
            price: Money {
                minor: 100,
                currency: currency.into(),
            },
            thumbnail: None,
            vendor_id: "v".into(),
        }
    }

    fn cart(lines: &[Line]) -> Cart {
        Cart {
            id: None,
            lines: lines.to_vec(),
            updated_at: 1,
        }
    }

    #[test]
    fn the_manifest_lets_carts_live_as_long_as_they_say() {
        let manifest = include_str!("../plugin.toml");
        assert!(manifest.contains(&format!("expiry_days = {EXPIRY_DAYS}\n")));
        assert_eq!(cart(&[]).expires_at(), Some(1 + 7 * 24 * 3_600_000));
        assert_eq!(Cart::default().expires_at(), None);
    }

    #[test]
    fn a_product_has_one_line_that_keeps_its_id() {
        let mut cart = cart(&[line("a", 1, "USD")]);
        cart.put(Line {
            id: "fresh".into(),
            ..line("a", 3, "USD")
        })
        .unwrap();
        assert_eq!(cart.lines, [line("a", 3, "USD")]);
    }

    #[test]
    fn a_second_currency_is_refused() {
        let mut cart = cart(&[line("a", 1, "USD")]);
        let problem = cart.put(line("b", 1, "EUR")).unwrap_err();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (409, "mixed-currencies")
        );
        assert_eq!(cart.lines.len(), 1);
    }

    #[test]
    fn a_full_cart_takes_no_new_product_but_more_of_an_old_one() {
        let lines: Vec<Line> = (0..LINES_MAX)
            .map(|i| line(&format!("p{i}"), 1, "USD"))
            .collect();
        let mut cart = cart(&lines);
        assert_eq!(
            cart.put(line("new", 1, "USD")).unwrap_err().code,
            "cart-full"
        );
        cart.put(line("p7", 5, "USD")).unwrap();
        assert_eq!(cart.quantity_of("p7"), 5);
    }

    #[test]
    fn lines_are_found_and_removed_by_either_id() {
        for id in ["line-a", "a"] {
            let mut cart = cart(&[line("a", 1, "USD"), line("b", 1, "USD")]);
            assert!(cart.line(id).is_some());
            assert!(cart.remove(id));
            assert!(!cart.remove(id));
            assert_eq!(cart.lines, [line("b", 1, "USD")]);
        }
    }

    #[test]
    fn absorbing_adds_up_within_bounds() {
        let mut own = cart(&[line("a", 900, "USD")]);
        assert!(own.absorb(&cart(&[line("a", 200, "USD"), line("b", 2, "USD")])));
        assert_eq!(
            own.lines,
            [line("a", QUANTITY_MAX, "USD"), line("b", 2, "USD")]
        );
    }

    #[test]
    fn a_cart_of_another_currency_is_not_absorbed() {
        let mut own = cart(&[line("a", 1, "USD")]);
        assert!(!own.absorb(&cart(&[line("b", 1, "EUR")])));
        assert_eq!(own.lines.len(), 1);
        assert!(Cart::default().absorb(&cart(&[line("b", 1, "EUR")])));
    }
}
