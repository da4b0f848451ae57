//! Amounts as providers count them.

use stoa_guest::decimals;
use stoa_guest::prelude::*;

use crate::payment::Provider;

/// Decimals in which a provider counts a currency, where they are not those of ISO 4217.
/// Stripe: "Supported currencies", zero-decimal currencies and special cases; Razorpay: "Orders entity", `amount`.
fn scale(provider: Provider, currency: &str) -> u32 {
    match (provider, currency) {
        // Whole units, written as hundredths.
        (Provider::Stripe, "ISK" | "UGX") => 2,
        (Provider::Stripe, "MGA") => 0,
        (_, currency) => decimals(currency),
    }
}

/// An amount in the provider's units. Three decimals are counted, but the last has to be 0 for the card networks.
pub fn to_provider(provider: Provider, amount: &Money) -> Result<i64> {
    let refused = || {
        Problem::unprocessable(
            "provider",
            format!(
                "{} can't charge this amount of {}.",
                provider.word(),
                amount.currency
            ),
        )
    };
    let (ours, theirs) = (
        decimals(&amount.currency),
        scale(provider, &amount.currency),
    );
    let units = if theirs >= ours {
        let factor = 10_i64.pow(theirs - ours);
        amount.minor.checked_mul(factor).ok_or_else(refused)?
    } else {
        let factor = 10_i64.pow(ours - theirs);
        whole(amount.minor, factor).ok_or_else(refused)?
    };
    if theirs == 3 && units % 10 != 0 {
        return Err(refused());
    }
    Ok(units)
}

/// A provider's amount in minor units; none for one that can't be told in them.
pub fn of_provider(provider: Provider, units: i64, currency: &str) -> Option<i64> {
    let (ours, theirs) = (decimals(currency), scale(provider, currency));
    if theirs >= ours {
        whole(units, 10_i64.pow(theirs - ours))
    } else {
        units.checked_mul(10_i64.pow(ours - theirs))
    }
}

fn whole(amount: i64, factor: i64) -> Option<i64> {
    (amount % factor == 0).then(|| amount / factor)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn providers_count_in_units_of_their_own() {
        use Provider::{Razorpay, Stripe};
        for (provider, minor, currency, units) in [
            (Stripe, 12_50, "USD", 1250),
            (Stripe, 500, "JPY", 500),
            (Stripe, 5, "ISK", 500),
            (Stripe, 5, "UGX", 500),
            (Stripe, 5_00, "MGA", 5),
            (Stripe, 12_340, "KWD", 12_340),
            (Stripe, 80_045, "HUF", 80_045),
            (Razorpay, 29_900, "INR", 29_900),
            (Razorpay, 295, "JPY", 295),
            (Razorpay, 295_990, "KWD", 295_990),
            (Razorpay, 5, "ISK", 5),
        ] {
            let amount = Money::new(minor, currency);
            assert_eq!(to_provider(provider, &amount), Ok(units), "{amount:?}");
            assert_eq!(
                of_provider(provider, units, currency),
                Some(minor),
                "{amount:?}"
            );
        }
    }

    #[test]
    fn what_a_provider_can_t_charge_is_refused_and_not_rounded() {
        for (provider, minor, currency) in [
            (Provider::Stripe, 12_345, "KWD"),
            (Provider::Razorpay, 99_991, "KWD"),
            (Provider::Stripe, 5_01, "MGA"),
            (Provider::Stripe, i64::MAX, "ISK"),
        ] {
            let problem = to_provider(provider, &Money::new(minor, currency)).unwrap_err();
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (422, Some("provider"))
            );
        }
        assert_eq!(of_provider(Provider::Stripe, 501, "ISK"), None);
        assert_eq!(of_provider(Provider::Stripe, i64::MAX, "MGA"), None);
    }
}
