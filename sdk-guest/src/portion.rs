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

/// The shares by weight of an amount that grows: what has gone to each so far when so much has gone to all.
///
/// As with [`split`] nothing is lost, and the shares of an amount that is no larger than the sum of the weights are no larger than
/// their weights. Besides, no share is ever smaller than it was of a smaller amount, so who hands out what comes in parts takes nothing back,
/// and has handed out the same in the end, however many parts there were. Largest remainders don't promise that (the "Alabama
/// paradox"), so each share is the exact one rounded to the nearest, as far as the sum allows: the method of Webster, or Sainte-Laguë. With
/// two weights the two methods are the same, but for ties.
#[must_use]
pub fn split_growing(amount_minor: i64, weights: &[i64]) -> Vec<i64> {
    let amount = i128::from(amount_minor.max(0));
    let weights: Vec<i128> = weights.iter().map(|each| (*each).max(0).into()).collect();
    let sum: i128 = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    // Units have an order that knows nothing of the amount: a weight's n-th is due at (2n - 1) / weight, and earlier weights' are
    // first. Rounding all shares alike takes its beginning, and then the beginning is made as long as the amount.
    let exact = weights.iter().map(|each| amount * each);
    let rounded = exact.map(|exact| exact / sum + i128::from(2 * (exact % sum) >= sum));
    let mut shares: Vec<i128> = rounded.collect();
    let later = |(one, one_is): (i128, i128), (other, other_is): (i128, i128)| {
        (one * other_is).cmp(&(other * one_is))
    };
    let mut left = amount - shares.iter().sum::<i128>();
    while left != 0 {
        let by = left.signum();
        let due = shares.iter().zip(&weights).enumerate();
        let due = due.filter(|(_, (share, weight))| **weight > 0 && (by > 0 || **share > 0));
        let due = due.map(|(at, (share, weight))| (at, (2 * share + by, *weight)));
        let next = match by {
            1 => due.min_by(|(_, one), (_, other)| later(*one, *other)),
            _ => due.max_by(|(_, one), (_, other)| later(*one, *other)),
        };
        let Some(share) = next.and_then(|(at, _)| shares.get_mut(at)) else {
            break;
        };
        *share += by;
        left -= by;
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

    #[test]
    fn what_grows_is_rounded_to_the_nearest() {
        for (amount, weights, expected) in [
            (100, vec![1, 1, 1], vec![34, 33, 33]),
            (10, vec![5, 3, 3], vec![4, 3, 3]),
            (2, vec![1, 1, 1], vec![1, 1, 0]),
            (5, vec![0, 7, 0], vec![0, 5, 0]),
            (1, vec![90, 10], vec![1, 0]),
            (5, vec![90, 10], vec![5, 0]),
            (6, vec![90, 10], vec![5, 1]),
            (5, vec![0, 0], vec![0, 0]),
            (-5, vec![1], vec![0]),
            (5, vec![], vec![]),
        ] {
            assert_eq!(
                split_growing(amount, &weights),
                expected,
                "{amount} by {weights:?}"
            );
        }
    }

    /// The example of the paradox: of eleven instead of ten, the third would have less.
    #[test]
    fn nobody_loses_by_there_being_more() {
        let weights = [6, 6, 2];
        assert_eq!(split(10, &weights), [4, 4, 2]);
        assert_eq!(split(11, &weights), [5, 5, 1]);
        for amount in 0..=14 {
            let (less, more) = (
                split_growing(amount, &weights),
                split_growing(amount + 1, &weights),
            );
            assert!(less.iter().zip(&more).all(|(less, more)| less <= more));
        }
        assert_eq!(split_growing(14, &weights), weights);
    }

    proptest! {
        #[test]
        fn what_grows_loses_nothing_and_takes_nothing_back(
            parts in prop::collection::vec(0..=2_000_000_i64, 1..20),
            weights in prop::collection::vec(prop_oneof![0..=9_i64, 0..=1_000_000_i64], 1..20),
        ) {
            let sum: i64 = weights.iter().sum();
            prop_assume!(sum > 0);
            let (mut amount, mut before) = (0, vec![0; weights.len()]);
            for part in parts.into_iter().chain([sum]) {
                amount = sum.min(amount + part);
                let shares = split_growing(amount, &weights);
                prop_assert_eq!(shares.iter().sum::<i64>(), amount);
                for ((share, before), weight) in shares.iter().zip(&before).zip(&weights) {
                    prop_assert!((*before..=*weight).contains(share));
                    // Half a unit of one's own, and what the others' halves leave.
                    let off = i128::from(*share) * i128::from(sum)
                        - i128::from(amount) * i128::from(*weight);
                    let bound = i128::from(sum) * (weights.len() as i128 + 1);
                    prop_assert!(2 * off.abs() <= bound, "{} of {}", share, weight);
                }
                before = shares;
            }
            prop_assert_eq!(before, weights);
        }

        #[test]
        fn the_largest_amounts_are_shared_out(
            amount in 0..=i64::MAX,
            weights in prop::collection::vec(0..=i64::MAX, 1..100),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares = split_growing(amount, &weights);
            prop_assert_eq!(shares.iter().map(|share| i128::from(*share)).sum::<i128>(), amount.into());
        }

        #[test]
        fn of_two_nobody_is_further_than_half_a_unit_off(
            amount in 0..=1_000_000_000_000_i64,
            one in 0..=1_000_000_000_000_i64,
            other in 0..=1_000_000_000_000_i64,
        ) {
            prop_assume!(one + other > 0);
            let sum = i128::from(one + other);
            let shares = split_growing(amount, &[one, other]);
            for (share, weight) in shares.iter().zip([one, other]) {
                let off = i128::from(*share) * sum - i128::from(amount) * i128::from(weight);
                prop_assert!(2 * off.abs() <= sum);
            }
        }

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
