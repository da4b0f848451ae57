//! Stripe's test cards, by number and by the name of the payment method made of them
//! (<https://docs.stripe.com/testing>).

/// What becomes of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Approved,
    /// The buyer has to prove who they are.
    Proof,
    Declined(Decline),
}

/// Why a charge is declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decline {
    pub code: &'static str,
    pub decline_code: Option<&'static str>,
    pub message: &'static str,
}

pub const GENERIC: Decline = Decline {
    code: "card_declined",
    decline_code: Some("generic_decline"),
    message: "Your card was declined.",
};
pub const UNPROVED: Decline = Decline {
    code: "payment_intent_authentication_failure",
    decline_code: None,
    message: "The provided PaymentMethod has failed authentication.",
};
const FUNDS: Decline = Decline {
    code: "card_declined",
    decline_code: Some("insufficient_funds"),
    message: "Your card has insufficient funds.",
};
const LOST: Decline = Decline {
    code: "card_declined",
    decline_code: Some("lost_card"),
    message: "Your card was declined.",
};
const EXPIRED: Decline = Decline {
    code: "expired_card",
    decline_code: Some("expired_card"),
    message: "Your card has expired.",
};
const CVC: Decline = Decline {
    code: "incorrect_cvc",
    decline_code: Some("incorrect_cvc"),
    message: "Your card's security code is incorrect.",
};
const PROCESSING: Decline = Decline {
    code: "processing_error",
    decline_code: Some("processing_error"),
    message: "An error occurred while processing your card. Try again in a little bit.",
};

/// Number, payment method, what becomes of it.
const CARDS: &[(&str, &str, Outcome)] = &[
    ("4242424242424242", "pm_card_visa", Outcome::Approved),
    ("5555555555554444", "pm_card_mastercard", Outcome::Approved),
    ("378282246310005", "pm_card_amex", Outcome::Approved),
    (
        "4000000000000002",
        "pm_card_visa_chargeDeclined",
        Outcome::Declined(GENERIC),
    ),
    (
        "4000000000000002",
        "pm_card_chargeDeclined",
        Outcome::Declined(GENERIC),
    ),
    (
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        Outcome::Declined(FUNDS),
    ),
    (
        "4000000000009987",
        "pm_card_visa_chargeDeclinedLostCard",
        Outcome::Declined(LOST),
    ),
    (
        "4000000000000069",
        "pm_card_chargeDeclinedExpiredCard",
        Outcome::Declined(EXPIRED),
    ),
    (
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        Outcome::Declined(CVC),
    ),
    (
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        Outcome::Declined(PROCESSING),
    ),
    (
        "4000000000003220",
        "pm_card_threeDSecure2Required",
        Outcome::Proof,
    ),
    (
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        Outcome::Proof,
    ),
    (
        "4000002760003184",
        "pm_card_authenticationRequired",
        Outcome::Proof,
    ),
];

/// What becomes of a charge of this number or payment method; none if there is no such card.
pub fn outcome(card: &str) -> Option<Outcome> {
    let mut cards = CARDS.iter();
    let found = cards.find(|(number, name, _)| card == *number || card == *name);
    found.map(|(_, _, outcome)| *outcome)
}
