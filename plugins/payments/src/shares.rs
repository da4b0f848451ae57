//! What of a refund is each line's: first by vendor, in proportion to what its lines brought, then by line within the vendor's.
//!
//! What nobody sold (shipping, tax, lines without a vendor) bears its part as well. Each share is told by what has gone
//! back in all, and never shrinks: so parts sum up to the minor unit, and to everything when everything is back.

use std::collections::BTreeMap;

use stoa_guest::portion::split_growing;

use crate::orders::Line;

/// How much of each line has gone back when so much of the amount has, in the lines' order.
pub fn by_line(lines: &[Line], amount_minor: i64, back_minor: i64) -> Vec<i64> {
    // Who sold nothing comes first in the order of names, and what is not in any line is with it.
    let mut vendors: BTreeMap<&str, Vec<(usize, i64)>> = BTreeMap::from([("", Vec::new())]);
    for (at, line) in lines.iter().enumerate() {
        let own = vendors.entry(&line.vendor_id).or_default();
        own.push((at, line.net_minor.max(0)));
    }
    let sum = |own: &[(usize, i64)]| own.iter().map(|(_, net)| net).sum::<i64>();
    let mut weights: Vec<i64> = vendors.values().map(|own| sum(own)).collect();
    let rest = amount_minor - weights.iter().sum::<i64>();
    if let Some(nobodys) = weights.first_mut() {
        *nobodys += rest.max(0);
    }
    let mut shares = vec![0; lines.len()];
    let of_vendors = split_growing(back_minor, &weights);
    for ((vendor_id, own), back) in vendors.iter().zip(of_vendors) {
        let mut nets: Vec<i64> = own.iter().map(|(_, net)| *net).collect();
        if vendor_id.is_empty() {
            nets.push(rest.max(0));
        }
        for ((at, _), share) in own.iter().zip(split_growing(back, &nets)) {
            if let Some(of_line) = shares.get_mut(*at) {
                *of_line = share;
            }
        }
    }
    shares
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn line(vendor_id: &str, net_minor: i64) -> Line {
        Line {
            product_id: "p".into(),
            vendor_id: vendor_id.into(),
            name: "Thing".into(),
            quantity: 1,
            unit_price_minor: net_minor,
            net_minor,
        }
    }

    fn sum(shares: &[i64], lines: &[Line], is_wanted: impl Fn(&str) -> bool) -> i64 {
        let wanted = shares.iter().zip(lines);
        let wanted = wanted.filter(|(_, line)| is_wanted(&line.vendor_id));
        wanted.map(|(share, _)| share).sum()
    }

    /// Every amount of orders of up to four lines of three vendors and of nobody's, with and without shipping and tax.
    #[test]
    fn whatever_goes_back_each_line_bears_its_part_and_no_more_than_it_brought() {
        let nets = [0, 1, 2, 13];
        let vendors = ["", "v1", "v2", "v3"];
        let mut seen = 0;
        for number in 0..nets.len().pow(4) {
            let net = |at: u32| nets[number / nets.len().pow(at) % nets.len()];
            let lines: Vec<Line> = (0..4_u32)
                .map(|at| line(vendors[(number + at as usize) % vendors.len()], net(at)))
                .collect();
            for extra in [0, 5] {
                let all: i64 = lines.iter().map(|line| line.net_minor).sum();
                seen += every_amount(&lines, all + extra);
            }
        }
        assert!(seen > 5_000, "{seen}");
    }

    fn every_amount(lines: &[Line], amount: i64) -> usize {
        let all: i64 = lines.iter().map(|line| line.net_minor).sum();
        let mut before = vec![0; lines.len()];
        for back in 0..=amount {
            let shares = by_line(lines, amount, back);
            for ((share, before), line) in shares.iter().zip(&before).zip(lines) {
                assert!((*before..=line.net_minor).contains(share), "{lines:?}");
            }
            let sold: i64 = shares.iter().sum();
            if amount == all {
                assert_eq!(sold, back, "{lines:?}");
            }
            for vendor in ["v1", "v2", "v3"] {
                let share = sum(&shares, lines, |id| id == vendor);
                let net: i64 = lines
                    .iter()
                    .filter(|line| line.vendor_id == vendor)
                    .map(|line| line.net_minor)
                    .sum();
                // Four shares at most: each is half a unit off by itself, and by what the others' halves leave.
                assert!(
                    2 * (share * amount - back * net).abs() <= 5 * amount,
                    "{lines:?}"
                );
            }
            before = shares;
        }
        let nets: Vec<i64> = lines.iter().map(|line| line.net_minor).collect();
        assert_eq!(before, nets);
        usize::try_from(amount).unwrap_or_default()
    }

    #[test]
    fn vendors_with_many_small_lines_bear_as_much_as_one_with_a_large_one() {
        let mut lines = vec![line("v1", 50)];
        lines.extend((0..50).map(|_| line("v2", 1)));
        for back in 0..=100 {
            let shares = by_line(&lines, 100, back);
            let of = |vendor: &str| sum(&shares, &lines, |id| id == vendor);
            assert_eq!(of("v1") + of("v2"), back);
            assert!((of("v1") - of("v2")).abs() <= 1, "{back}");
        }
    }

    #[test]
    fn lines_that_brought_more_than_was_paid_share_what_went_back() {
        let lines = [line("v1", 60), line("v2", 60)];
        assert_eq!(by_line(&lines, 100, 100), [50, 50]);
        assert_eq!(by_line(&[], 100, 50), Vec::<i64>::new());
    }
}
