//! Parts of amounts: percentages that round once, and shares that lose nothing.

/// Parts that a percentage is counted in: four decimals, finer than any tax.
const PARTS_PER_PERCENT: i128 = 10_000;

/// So many percent of an amount in minor units, rounded half up to whole minor units. A percentage counts with
/// four decimals; a result beyond 64 bits is the nearest that fits.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a float becomes an integer once, before anything is multiplied by it"
)]
pub fn percent_of(amount_minor: i64, percent: f64) -> i64 {
    let parts = (percent * PARTS_PER_PERCENT as f64).round() as i128;
    let whole = 100 * PARTS_PER_PERCENT;
    let doubled = i128::from(amount_minor)
        .saturating_mul(parts)
        .saturating_mul(2);
    clamped(doubled.saturating_add(whole).div_euclid(whole * 2))
}

/// An amount in shares by weight, none of them lost: each share is the exact one rounded down, and the minor
/// units that are left go to the largest remainders, earlier ones first. The shares of an amount that is no larger than the
/// sum of the weights are no larger than their weights.
///
/// Negative amounts and weights count as 0. Without any weight all shares are 0: there is nobody to give to.
#[must_use]
pub fn split(amount_minor: i64, weights: &[i64]) -> Vec<i64> {
    let amount = i128::from(amount_minor.max(0));
    let weight = |weight: &i64| i128::from((*weight).max(0));
    let sum: i128 = weights.iter().map(weight).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = weights.iter().map(|each| amount * weight(each));
    let (mut shares, remainders): (Vec<i128>, Vec<i128>) =
        exact.map(|exact| (exact / sum, exact % sum)).unzip();
    let left = amount - shares.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(remainders.get(*at).copied()));
    for at in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    shares.into_iter().map(clamped).collect()
}

fn clamped(amount: i128) -> i64 {
    i64::try_from(amount).unwrap_or(if amount < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentages_are_rounded_half_up() {
        for (amount, percent, expected) in [
            (1_000, 0.0, 0),
            (1_000, 19.0, 190),
            (1_05, 10.0, 11),
            (1_04, 10.0, 10),
            (1_99, 7.25, 14),
            (3_33, 7.5, 25),
            (1, 50.0, 1),
            (1, 49.9999, 0),
            (9_007_199_254_740_993, 100.0, 9_007_199_254_740_993),
            (i64::MAX, 1e30, i64::MAX),
        ] {
            assert_eq!(
                percent_of(amount, percent),
                expected,
                "{percent} % of {amount}"
            );
        }
    }

    #[test]
    fn what_is_left_goes_to_the_largest_remainders() {
        for (amount, weights, expected) in [
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (10, vec![5, 3, 3], vec![4, 3, 3]),
            (2, vec![1, 1, 1], vec![1, 1, 0]),
            (5, vec![0, 7, 0], vec![0, 5, 0]),
            (5, vec![0, 0], vec![0, 0]),
            (-5, vec![1], vec![0]),
            (5, vec![], vec![]),
        ] {
            assert_eq!(split(amount, &weights), expected, "{amount} by {weights:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nobody_is_far_from_the_exact_share(
            amount in 0..=1_000_000_000_000_i64,
            weights in prop::collection::vec(0..=1_000_000_000_000_i64, 1..100),
        ) {
            let sum: i128 = weights.iter().copied().map(i128::from).sum();
            prop_assume!(sum > 0);
            let shares = split(amount, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            for (share, weight) in shares.iter().zip(&weights) {
                let off = i128::from(*share) * sum - i128::from(amount) * i128::from(*weight);
                prop_assert!(off.abs() < sum, "{} of {}", share, weight);
                if i128::from(amount) <= sum {
                    prop_assert!(share <= weight);
                }
            }
        }
    }
}
