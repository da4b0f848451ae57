//! Sums and tax in minor units.

/// Parts that a percentage is counted in: four decimals, finer than any tax.
const PARTS_PER_PERCENT: i128 = 10_000;

/// The tax on an amount, rounded half up to whole minor units.
pub fn tax(subtotal_minor: i64, percent: f64) -> i64 {
    // A float becomes an integer once, before anything is multiplied by it.
    let parts = (percent * PARTS_PER_PERCENT as f64).round() as i128;
    let whole = 100 * PARTS_PER_PERCENT;
    let tax = (i128::from(subtotal_minor) * parts * 2 + whole).div_euclid(whole * 2);
    i64::try_from(tax).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_rounded_half_up() {
        for (subtotal, percent, expected) in [
            (1_000, 0.0, 0),
            (1_000, 19.0, 190),
            (1_05, 10.0, 11),
            (1_04, 10.0, 10),
            (1_99, 7.25, 14),
            (3_33, 7.5, 25),
            (1, 50.0, 1),
            (1, 49.9999, 0),
            (9_007_199_254_740_993, 100.0, 9_007_199_254_740_993),
        ] {
            assert_eq!(
                tax(subtotal, percent),
                expected,
                "{percent} % of {subtotal}"
            );
        }
    }
}
