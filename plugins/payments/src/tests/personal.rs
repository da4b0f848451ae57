//! What is kept about buyers.

use serde_json::json;

use super::*;

#[test]
fn a_buyer_is_told_what_is_kept_and_forgotten_as_far_as_the_books_allow() {
    let shop = Shop::new();
    shop.by_stripe();
    let kept = crate::personal_data("anna").unwrap();
    assert_eq!(
        kept,
        json!({"payments": [{
            "id": BY_STRIPE, "orderNumber": "ORD-o1", "email": "anna@example.com", "provider": "stripe",
            "status": "created", "amount": 20, "refundedAmount": 0, "currency": "USD", "createdAt": "2026-01-01T00:00:00.000Z",
        }]})
    );
    assert_eq!(crate::personal_data("berta").unwrap(), json!({}));
    let erased = |source: &str| {
        let event = shop.host.event("user.erased").source(source).key("anna");
        event
            .json(&json!({"userId": "anna"}))
            .deliver(crate::dispatch_event)
            .unwrap();
        payment(BY_STRIPE).buyer_email
    };
    assert_eq!(erased("somebody").as_deref(), Some("anna@example.com"));
    assert_eq!(
        (erased("host"), payment(BY_STRIPE).buyer_id.as_str()),
        (None, "anna")
    );
    // What was begun goes on.
    shop.confirm(
        "anna",
        &json!({"paymentId": BY_STRIPE, "paymentMethodId": "pm_ok"}),
    )
    .unwrap();
    assert_eq!(states(BY_STRIPE), are("succeeded", "processing", "paid"));
}
