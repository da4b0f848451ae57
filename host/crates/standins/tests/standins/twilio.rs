//! Twilio's stand-in.

use serde_json::json;
use stoa_standins::Mishap;
use stoa_standins::twilio::Act;

use crate::support::{SID, TOKEN, message, told, twilio, unanswered};

const FIELDS: [(&str, &str); 3] = [
    ("To", "+15005550010"),
    ("From", "+15005550006"),
    ("Body", "Hello"),
];

#[tokio::test]
async fn nobody_without_the_accounts_credentials_is_served() {
    let twilio = twilio().await;
    let path = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    let url = format!("{}{path}", twilio.url());
    let client = reqwest::Client::new();
    for request in [
        client.post(&url),
        client.post(&url).basic_auth(SID, Some("guess")),
        client.post(&url).basic_auth("AC1", Some(TOKEN)),
        client.post(&url).bearer_auth(TOKEN),
    ] {
        let (status, body) = told(request).await;
        assert_eq!((status, &body["code"]), (401, &json!(20_003)));
    }
    let elsewhere = url.replace(SID, "AC00000000000000000000000000000001");
    for url in [elsewhere, url.replace(".json", "")] {
        let request = client.post(&url).basic_auth(SID, Some(TOKEN));
        assert_eq!(told(request).await.0, 404, "{url}");
    }
    let json = client.post(&url).basic_auth(SID, Some(TOKEN));
    assert_eq!(told(json.json(&json!({}))).await.0, 415);
    assert_eq!(twilio.messages(), []);
}

#[tokio::test]
async fn a_message_is_taken_as_it_is_and_shown_so() {
    let twilio = twilio().await;
    let (status, body) = told(message(&twilio, &FIELDS)).await;
    assert_eq!((status, &body["status"]), (201, &json!("queued")));
    let sid = body["sid"].as_str().unwrap();
    assert_eq!(twilio.object(sid).unwrap(), body);
    let read = Act::Read {
        number: "+15005550010".into(),
    };
    assert_eq!(twilio.act(&read).unwrap(), json!(["Hello"]));
    for (at, missing) in [21_604, 21_603, 21_602].into_iter().enumerate() {
        let mut fields = FIELDS;
        fields[at].1 = "";
        let (status, body) = told(message(&twilio, &fields)).await;
        assert_eq!((status, &body["code"]), (400, &json!(missing)));
    }
    let more = [FIELDS.as_slice(), &[("Color", "red")]].concat();
    assert_eq!(told(message(&twilio, &more)).await.0, 400);
    let stop = Act::Stop {
        number: "+15005550010".into(),
    };
    let _ = twilio.act(&stop).unwrap();
    let (_, body) = told(message(&twilio, &FIELDS)).await;
    assert_eq!(body["code"], json!(21_610));
    assert_eq!((twilio.messages().len(), twilio.asked()), (1, 6));
}

#[tokio::test]
async fn mishaps_are_before_the_deed_or_after_it() {
    let twilio = twilio().await;
    for (mishap, status, taken) in [
        (Mishap::Down, 503, 0),
        (Mishap::Busy, 429, 0),
        (Mishap::Broken, 500, 1),
    ] {
        twilio.mishap(mishap);
        assert_eq!(told(message(&twilio, &FIELDS)).await.0, status);
        assert_eq!(twilio.messages().len(), taken);
    }
    for mishap in [Mishap::Lost, Mishap::Silent] {
        twilio.mishap(mishap);
        unanswered(message(&twilio, &FIELDS)).await;
    }
    assert_eq!((twilio.messages().len(), twilio.asked()), (3, 5));
}
