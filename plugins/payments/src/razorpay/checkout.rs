//! What Razorpay's page gives the buyer as proof.

use stoa_guest::prelude::*;

/// Checks that Razorpay made this charge for this order: the hex of the HMAC-SHA256 of `<order>|<charge>` under the
/// secret of the API key.
pub fn verify(order: &str, charge: &str, signature: &str) -> Result<()> {
    if outbound::id(charge).is_err() {
        return Err(Problem::invalid("razorpayPaymentId", "It is malformed."));
    }
    let message = format!("{order}|{charge}");
    webhook::verify_hex("razorpay_key_secret", message.as_bytes(), signature)
        .map_err(|problem| problem.with_field("razorpaySignature"))
}
