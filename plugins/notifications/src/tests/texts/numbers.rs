//! Numbers: judged, kept, changed, told and forgotten.

use super::*;

#[test]
fn what_leaves_as_wishes_change_goes_by_the_last_one() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    let before = shop.texts().len();
    tell(&shop.host, "order.created", "E1");
    shop.change("u1", &json!({ "sms": false })).unwrap();
    shop.work();
    assert_eq!(shop.texts().len(), before);
    // A code for a number that is no longer there goes to nobody.
    shop.change("u1", &json!({ "phone": OTHERS })).unwrap();
    shop.asks_for_a_code("u1").unwrap();
    shop.change("u1", &json!({ "phone": "+15005550030" }))
        .unwrap();
    shop.work();
    assert_eq!(shop.texts().len(), before);
}

#[test]
fn numbers_are_judged_and_kept_or_forgotten_as_asked() {
    let shop = shop();
    let problem = shop.change("u1", &json!({ "phone": "0151 2345" }));
    let problem = problem.unwrap_err();
    assert_eq!(
        (problem.status, problem.field.as_deref()),
        (400, Some("phone"))
    );
    let alone = shop.change("u1", &json!({ "sms": true })).unwrap_err();
    assert_eq!((alone.status, alone.field.as_deref()), (422, Some("sms")));
    assert_eq!(
        refused(shop.asks_for_a_code("u1")),
        refusal(404, "not-found")
    );
    let kept = shop.change("u1", &json!({ "phone": NUMBER })).unwrap();
    assert_eq!(
        (&kept["phone"], &kept["sms"]),
        (&json!(NUMBER), &json!(false))
    );
    shop.verify("u1", NUMBER);
    let same = shop.change("u1", &json!({})).unwrap();
    assert_eq!(
        (&same["phone"], &same["phoneVerified"]),
        (&json!(NUMBER), &json!(true))
    );
    let moved = shop.change("u1", &json!({ "phone": OTHERS })).unwrap();
    assert_eq!(
        (&moved["phoneVerified"], &moved["sms"]),
        (&json!(false), &json!(true))
    );
    let gone = shop.change("u1", &json!({ "phone": null })).unwrap();
    assert_eq!((gone.get("phone"), &gone["sms"]), (None, &json!(false)));
    let others = ask(&shop.host, "view_preferences", "u2", "").unwrap();
    assert_eq!(others.get("phone"), None);
}

#[test]
fn a_number_is_told_to_its_owner_and_forgotten_with_the_account() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    let told = personal_data("u1").unwrap();
    let expected = json!({ "number": NUMBER, "verified": true, "sms": true });
    assert_eq!(told["phone"], expected);
    tell(&shop.host, "order.created", "E1");
    let event = shop.host.event("user.erased").source("host");
    let event = event.json(&json!({ "userId": "u1" }));
    event.deliver(dispatch_event).unwrap();
    let before = shop.texts().len();
    shop.work();
    assert_eq!(shop.texts().len(), before, "what was on its way stays here");
    assert_eq!(personal_data("u1").unwrap(), json!({}));
    tell(&shop.host, "order.created", "E2");
    shop.work();
    assert_eq!(shop.texts().len(), before);
}
