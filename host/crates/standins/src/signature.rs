//! How the services sign what they send.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stoa_kernel::hex::hex;

/// Hex of the HMAC-SHA256 of a message.
#[must_use]
pub fn hmac(secret: &str, message: &[u8]) -> String {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(message);
    hex(&mac.finalize().into_bytes())
}

/// Stripe's `Stripe-Signature`: over the seconds, a dot, and the body as it is sent.
#[must_use]
pub fn stripe(secret: &str, now_s: u64, body: &str) -> String {
    let signature = hmac(secret, format!("{now_s}.{body}").as_bytes());
    format!("t={now_s},v1={signature}")
}

/// What Razorpay's page gives a buyer as proof of a payment, under the secret of the API key.
#[must_use]
pub fn razorpay_payment(key_secret: &str, order: &str, payment: &str) -> String {
    hmac(key_secret, format!("{order}|{payment}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors from the test suites of stripe-node, razorpay-node and razorpay-python.
    #[test]
    fn signatures_are_those_of_the_services_own_test_suites() {
        let body = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
        assert_eq!(
            stripe("whsec_test_secret", 12345, body),
            "t=12345,v1=2672d138c9a412830f3bfe2ecc5bfb3277cf6f5b49d0119d77dd6cb64da1257e"
        );
        assert_eq!(
            hmac("123456", br#"{"a":1,"b":2,"c":{"d":3}}"#),
            "2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc"
        );
        assert_eq!(
            razorpay_payment(
                "EnLs21M47BllR3X8PSFtjtbd",
                "order_IEIaMR65cu6nz3",
                "pay_IH4NVgf4Dreq1l"
            ),
            "0d4e745a1838664ad6c9c9902212a32d627d68e917290b0ad5f08ff4561bc50f"
        );
    }
}
