//! News by text: to whom they go, in which words, and what becomes of those that do not get through.

use super::*;

#[test]
fn news_come_by_text_once_the_number_is_shown_to_be_ones_own() {
    let shop = shop();
    shop.enters("u1", NUMBER);
    tell(&shop.host, "order.created", "E0");
    shop.work();
    assert_eq!(shop.texts(), []);
    shop.verify("u1", NUMBER);
    tell(&shop.host, "order.created", "E1");
    tell(&shop.host, "order.created", "E1");
    for event in ["user.registered", "payment.success", "licence.issued"] {
        tell(&shop.host, event, event);
    }
    shop.work();
    let texts = shop.texts();
    let words: Vec<&str> = texts.iter().map(|(_, words)| words.as_str()).collect();
    assert_eq!(words.len(), 3, "{words:?}");
    assert!(
        words[0].ends_with(" is your code for Stoa. It is good for 10 minutes; tell it to nobody.")
    );
    assert!(words[1].starts_with("Welcome to Stoa!"), "{words:?}");
    assert_eq!(
        words[2],
        "Thank you for your order ORD-1 of 12.50 USD. Stoa"
    );
    assert!(texts.iter().all(|(to, _)| to == NUMBER));
    assert_eq!(shop.host.letters().len(), 5, "letters come as ever");
    let view = ask(&shop.host, "view_preferences", "u1", "").unwrap();
    let expected = json!({ "lettersOff": [], "phone": NUMBER, "phoneVerified": true, "sms": true });
    assert_eq!(view, expected);
    assert!(!shop.log().contains("5005550010"));
}

#[test]
fn a_message_is_asked_for_as_the_service_documents_it() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    let sent = shop.host.sent();
    assert_eq!(sent[0].service, "twilio");
    assert_eq!(sent[0].method, Method::Post);
    let path = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    assert_eq!(sent[0].path, path);
    let form = ("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sent[0].headers, [(form.0.to_owned(), form.1.to_owned())]);
    let fields = fields(&sent[0].body);
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["Body", "From", "To"]);
    assert_eq!(fields["From"], "+15005550006");
}

#[test]
fn nothing_is_sent_where_nobody_wants_it_or_nobody_can() {
    // Nobody has configured anything.
    let bare = unconfigured();
    bare.enters("u1", NUMBER);
    let asked = bare.asks_for_a_code("u1");
    assert_eq!(refused(asked), refusal(503, "not-configured"));
    tell(&bare.host, "order.created", "E1");
    assert_eq!(
        (bare.host.letters().len(), bare.host.events().len()),
        (1, 0)
    );
    // It was configured once, and is not any more.
    let shop = shop();
    shop.verify("u1", NUMBER);
    let before = shop.texts().len();
    shop.host.set("sms_from", Value::Null);
    tell(&shop.host, "order.created", "E1");
    shop.work();
    assert!(
        shop.log().contains("debug: no text is sent"),
        "{}",
        shop.log()
    );
    shop.host.set("sms_from", "+15005550006");
    // The host has no secret to send along.
    let denied = OutboundError::Denied("nobody has set the secret twilio_user".into());
    shop.answers.borrow_mut().push_back(Err(denied));
    tell(&shop.host, "order.created", "E2");
    shop.work();
    // Off.
    shop.change("u1", &json!({ "sms": false })).unwrap();
    tell(&shop.host, "order.created", "E3");
    shop.work();
    assert_eq!(shop.texts().len(), before + 1);
    assert_eq!(shop.host.letters().len(), 3);
}

#[test]
fn news_are_counted_as_well() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    for order in 0..25 {
        tell(&shop.host, "order.created", &format!("E{order}"));
    }
    shop.work();
    // A code, and twenty news of which one is the welcome.
    assert_eq!(shop.texts().len(), 21);
    assert_eq!(shop.host.letters().len(), 25);
}

#[test]
fn what_was_not_taken_is_sent_again_while_it_is_news() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    let before = shop.texts().len();
    let down = || Err(OutboundError::Unreachable("nobody".into()));
    shop.answers
        .borrow_mut()
        .extend([answer(429, 20_429), answer(503, 20_500), down()]);
    tell(&shop.host, "order.created", "E1");
    shop.work();
    let texts = shop.texts();
    assert_eq!(texts.len(), before + 4);
    assert!(texts[before..].iter().all(|text| *text == texts[before]));
    let raised = shop.host.events();
    let due: Vec<u64> = raised.iter().filter_map(|event| event.due_at_ms).collect();
    let pauses: Vec<u64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((10_000..12_500).contains(&pauses[0]), "{pauses:?}");
    assert!((20_000..25_000).contains(&pauses[1]), "{pauses:?}");
    // For ever is too long.
    shop.answers.borrow_mut().extend((0..50).map(|_| down()));
    let began = stoa_guest::clock::now_ms();
    tell(&shop.host, "order.created", "E2");
    shop.work();
    assert!(shop.log().contains("given up after"), "{}", shop.log());
    assert!(stoa_guest::clock::now_ms() <= began + HOUR_MS);
    let tries = shop.texts().len() - before - 4;
    assert!((8..=14).contains(&tries), "{tries}");
}

#[test]
fn what_was_refused_or_may_have_been_taken_is_not_sent_again() {
    for (said, then) in [
        (
            answer(400, 21_211),
            "is refused and not sent again: status 400, error 21211",
        ),
        (answer(400, 21_408), "is refused"),
        (answer(401, 20_003), "is refused"),
        (
            Err(OutboundError::Unknown("no answer in time".into())),
            "may have left",
        ),
    ] {
        let shop = shop();
        shop.verify("u1", NUMBER);
        let before = shop.texts().len();
        shop.answers.borrow_mut().push_back(said);
        tell(&shop.host, "order.created", "E1");
        shop.work();
        assert_eq!(shop.texts().len(), before + 1);
        assert!(shop.log().contains(then), "{}", shop.log());
        assert!(!shop.log().contains("5005550010"), "{}", shop.log());
    }
    // Who answers STOP has them turned off here, too.
    let shop = shop();
    shop.verify("u1", NUMBER);
    shop.answers.borrow_mut().push_back(answer(400, 21_610));
    tell(&shop.host, "order.created", "E1");
    shop.work();
    let view = ask(&shop.host, "view_preferences", "u1", "").unwrap();
    assert_eq!(
        (&view["phoneVerified"], &view["sms"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn nobody_else_has_texts_sent_and_a_failed_delivery_sends_none() {
    let shop = shop();
    shop.verify("u1", NUMBER);
    tell(&shop.host, "order.created", "E1");
    let raised = shop.host.events().pop().unwrap();
    let before = shop.texts().len();
    let event = |source: &str, attempt: u32| {
        let event = shop.host.event("notifications.text").source(source);
        let event = event.attempt(attempt).json(&raised.payload);
        event.deliver(dispatch_event).unwrap();
    };
    event("somebody", 1);
    event("notifications", 2);
    assert_eq!(shop.texts().len(), before);
    event("notifications", 1);
    assert_eq!(shop.texts().len(), before + 1);
    assert!(!raised.payload.to_string().contains("5005550010"));
}

#[test]
fn texts_are_one_line_within_their_bound_whatever_names_say() {
    let shop = shop();
    shop.host
        .set("site_name", format!("Shop\n{}", "ü".repeat(195)));
    shop.verify("u1", NUMBER);
    let event = shop.host.event("order.created").json(&json!({
        "buyerId": "u1", "orderId": "o", "number": "9".repeat(300), "currency": "USD", "totalMinor": 1,
    }));
    event.deliver(dispatch_event).unwrap();
    shop.work();
    let ends = ["nobody.", "notifications.", "üüü"];
    assert_eq!(shop.texts().len(), ends.len());
    for ((_, words), end) in shop.texts().into_iter().zip(ends) {
        assert!(words.chars().count() <= 160, "{words}");
        assert!(!words.contains(char::is_control), "{words}");
        assert!(words.ends_with(end), "{words} is whole");
    }
}
