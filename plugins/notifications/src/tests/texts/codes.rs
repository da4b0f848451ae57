//! Codes: once, for a number, for a time, and not too many.

use super::*;

#[test]
fn a_code_is_good_once_for_its_number_and_its_time() {
    let shop = shop();
    shop.enters("u1", NUMBER);
    assert_eq!(refused(shop.says("u1", "000000")), refusal(409, "no-code"));
    shop.asks_for_a_code("u1").unwrap();
    assert_eq!(
        refused(shop.says("u1", "000000")),
        refusal(409, "no-code"),
        "it was not sent yet"
    );
    shop.work();
    let code = shop.code();
    assert_eq!((code.len(), shop.texts().len()), (6, 1));
    for malformed in ["", "12345", "1234567", "12345x", "١٢٣٤٥٦"] {
        let problem = shop.says("u1", malformed).unwrap_err();
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some("code"))
        );
    }
    shop.enters("u2", NUMBER);
    assert_eq!(refused(shop.says("u2", &code)), refusal(409, "no-code"));
    for left in [4, 3, 2, 1, 0] {
        let wrong = shop.says("u1", &another(&code)).unwrap();
        assert_eq!(wrong, json!({ "verified": false, "triesLeft": left }));
    }
    assert_eq!(refused(shop.says("u1", &code)), refusal(409, "no-code"));
    // A second one takes the first one's place, and ends.
    shop.asks_for_a_code("u1").unwrap();
    shop.work();
    shop.host.advance(600_000);
    assert_eq!(
        refused(shop.says("u1", &shop.code())),
        refusal(409, "no-code")
    );
    shop.asks_for_a_code("u1").unwrap();
    shop.work();
    shop.host.advance(599_999);
    let verdict = shop.says("u1", &shop.code()).unwrap();
    assert_eq!(verdict["verified"], true);
    let again = shop.says("u1", &shop.code());
    assert_eq!(refused(again), refusal(409, "already-verified"));
    let again = shop.asks_for_a_code("u1");
    assert_eq!(refused(again), refusal(409, "already-verified"));
    let kept = format!("{:?}", crate::texts::phone::PHONES.get("u1").unwrap());
    assert!(!kept.contains(&code), "{kept}");
}

#[test]
fn codes_are_counted_by_account_and_by_number() {
    let shop = shop();
    // However often the number changes, the account has three an hour.
    for number in ["+15005550031", "+15005550032", "+15005550033"] {
        shop.enters("u1", number);
        shop.asks_for_a_code("u1").unwrap();
    }
    shop.enters("u1", NUMBER);
    let fourth = shop.asks_for_a_code("u1");
    assert_eq!(refused(fourth), refusal(429, "too-many-codes"));
    // However many accounts there are, a number gets three an hour.
    for account in ["u2", "u3", "u4"] {
        shop.enters(account, NUMBER);
        shop.asks_for_a_code(account).unwrap();
    }
    shop.enters("u5", NUMBER);
    let fourth = shop.asks_for_a_code("u5");
    assert_eq!(refused(fourth), refusal(429, "too-many-codes"));
    shop.work();
    let to_it = shop.texts().into_iter().filter(|(to, _)| to == NUMBER);
    assert_eq!(to_it.count(), 3);
    shop.host.advance(HOUR_MS);
    shop.asks_for_a_code("u5").unwrap();
}
