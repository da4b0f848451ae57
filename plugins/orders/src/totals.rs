//! What an order costs. Nothing is lost: the lines' nets, tax and shipping are the total, to the minor unit.

use stoa_guest::prelude::*;

/// Minor units of an order at most: beyond any sale, far below what a sum could overflow or JSON round.
pub const TOTAL_MINOR_MAX: i64 = 1_000_000_000_000;

/// The sums of an order in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// All pieces, before discounts.
    pub subtotal: i64,
    pub discount: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
}

/// The sums of lines that cost `gross` and are reduced by `off`, which is 0 to the line's gross.
pub fn sum(lines: &[(i64, i64)], shipping: i64, tax: i64) -> Result<Totals> {
    let add = |sum: Option<i64>, amount: i64| sum?.checked_add(amount);
    let subtotal = lines.iter().map(|(gross, _)| *gross).fold(Some(0), add);
    let discount = lines.iter().map(|(_, off)| *off).fold(Some(0), add);
    let (Some(subtotal), Some(discount)) = (subtotal, discount) else {
        return Err(too_much());
    };
    let total = subtotal
        .checked_sub(discount)
        .and_then(|net| net.checked_add(shipping)?.checked_add(tax))
        .filter(|total| *total <= TOTAL_MINOR_MAX)
        .ok_or_else(too_much)?;
    Ok(Totals {
        subtotal,
        discount,
        shipping,
        tax,
        total,
    })
}

fn too_much() -> Problem {
    Problem::new(422, "too-much", "Nobody sells for so much in one order.")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stoa_guest::portion::{percent_of, split};

    proptest! {
        #[test]
        fn nothing_is_lost(
            gross in prop::collection::vec(0..=1_000_000_000_i64, 1..100),
            percent_off in 0.0..=100.0_f64,
            shipping in 0..=1_000_000_i64,
            percent_tax in 0.0..=30.0_f64,
        ) {
            let off = split(percent_of(gross.iter().sum(), percent_off), &gross);
            let lines: Vec<(i64, i64)> = gross.iter().copied().zip(off).collect();
            let net: i64 = lines.iter().map(|(gross, off)| gross - off).sum();
            let totals = sum(&lines, shipping, percent_of(net, percent_tax)).unwrap();
            prop_assert!(lines.iter().all(|(gross, off)| (0..=*gross).contains(off)));
            prop_assert_eq!(totals.subtotal, gross.iter().sum::<i64>());
            prop_assert_eq!(totals.subtotal - totals.discount, net);
            prop_assert_eq!(net + totals.tax + totals.shipping, totals.total);
        }
    }

    #[test]
    fn sums_that_nobody_pays_are_refused() {
        assert_eq!(
            sum(&[(TOTAL_MINOR_MAX, 0)], 0, 0).unwrap().total,
            TOTAL_MINOR_MAX
        );
        for (lines, shipping, tax) in [
            (vec![(TOTAL_MINOR_MAX, 0)], 1, 0),
            (vec![(TOTAL_MINOR_MAX, 0)], 0, 1),
            (vec![(i64::MAX, 0), (1, 0)], 0, 0),
            (vec![(i64::MAX, 0)], i64::MAX, 0),
        ] {
            assert_eq!(sum(&lines, shipping, tax).unwrap_err().code, "too-much");
        }
    }
}
