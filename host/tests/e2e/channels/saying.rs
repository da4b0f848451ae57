//! Nothing is heard before the commit, or without one.

use serde_json::{Value, json};
use stoa_kernel::identity::Role;
use stoa_kernel::live::Heard;
use stoa_kernel::plugins::Plugins as _;
use stoa_testkit::TestHost;

use super::{ear, ear_on, herald, message, next, principal, request, say, say_on, word};

const NEWS: &str = "herald/news";

#[tokio::test(flavor = "multi_thread")]
async fn what_one_request_says_is_heard_in_its_order() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    let words: Vec<Value> = (0..200).map(|n| word(NEWS, n)).collect();
    say(&host, &json!({ "words": words })).await;
    for n in 0..200 {
        assert_eq!(message(&mut ear).await, ("said".into(), json!(n), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_breaks_is_never_heard() {
    let host = herald().await;
    let mut ears = [
        ear_on(&host, NEWS).await,
        ear_on(&host, "herald/rooms/r").await,
    ];
    let words = json!([word(NEWS, 1), word("herald/rooms/r", 1)]);
    for (ending, status) in [("refuse", 409), ("trap", 502)] {
        let speech = json!({ "words": words, "ending": ending });
        let said = host.anonymous().post("/herald/say", &speech).await;
        let _ = said.expect(status);
    }
    say(
        &host,
        &json!({ "words": [word(NEWS, 2), word("herald/rooms/r", 2)] }),
    )
    .await;
    assert_eq!(message(&mut ears[0]).await, ("said".into(), json!(2), None));
    // The number was not used up either.
    let kept = message(&mut ears[1]).await;
    assert_eq!(kept, ("said".into(), json!(2), Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_a_race_is_heard_once() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    let speak = async |n: u64| {
        say(&host, &json!({ "words": [word(NEWS, n)], "note": true })).await;
    };
    let speaking = (0..16).map(speak);
    futures::future::join_all(speaking).await;
    let mut heard = Vec::new();
    for _ in 0..16 {
        heard.push(message(&mut ear).await.1.as_u64().unwrap());
    }
    heard.sort_unstable();
    assert_eq!(heard, (0..16).collect::<Vec<_>>());
    say_on(&host, NEWS, 99).await;
    assert_eq!(message(&mut ear).await.1, json!(99), "nothing came twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_events_and_turns_are_heard_too() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    let _dispatcher = host.dispatch().await;
    say(
        &host,
        &json!({ "words": [word(NEWS, 1)], "by_event": true }),
    )
    .await;
    assert_eq!(message(&mut ear).await, ("said".into(), json!(1), None));
    // Two turns: the first one's rhythm may begin at any time before.
    let struck = async {
        loop {
            host.clock.advance(60_000);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let heard = tokio::select! {
        heard = message(&mut ear) => heard,
        () = struck => unreachable!("it never ends"),
    };
    assert_eq!(heard.0, "struck");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_says_something_is_not_remembered() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    for _ in 0..3 {
        let _ = host.anonymous().get("/herald/wave").await.expect(200);
        assert_eq!(message(&mut ear).await.0, "waved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_not_heard_again() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    let actor = host.anonymous().idempotent("once");
    for _ in 0..2 {
        let speech = json!({ "words": [word(NEWS, 1)] });
        let _ = actor.post("/herald/say", &speech).await.expect(204);
    }
    say_on(&host, NEWS, 2).await;
    assert_eq!(message(&mut ear).await.1, json!(1));
    assert_eq!(message(&mut ear).await.1, json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_out_hears_that_and_nothing_more() {
    let host = herald().await;
    let (mut ada, mut bob) = (ear(&host, "ada"), ear(&host, "bob"));
    for ear in [&mut ada, &mut bob] {
        let _ = ear.join(NEWS, None).await.unwrap();
    }
    let speech = json!({ "words": [word(NEWS, 1)], "evict": [[NEWS, "ada"]] });
    say(&host, &speech).await;
    say_on(&host, NEWS, 2).await;
    assert_eq!(message(&mut ada).await.1, json!(1));
    assert_eq!(next(&mut ada).await, Heard::Evicted(NEWS.into()));
    let _ = ada.join(NEWS, None).await.unwrap();
    say_on(&host, NEWS, 3).await;
    assert_eq!(message(&mut ada).await.1, json!(3), "it came back");
    for n in 1..=3 {
        assert_eq!(message(&mut bob).await.1, json!(n));
    }
}

async fn refused(host: &TestHost, speech: &Value, status: u16) {
    let said = host.anonymous().post("/herald/say", speech).await;
    let _ = said.expect(status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_speaks_on_its_own_channels_and_within_bounds() {
    let host = herald().await;
    let mut ear = ear_on(&host, NEWS).await;
    for channel in [
        "host/organization",
        "herald/none",
        "herald/rooms/a/b",
        "herald/rooms/\n",
    ] {
        refused(&host, &json!({ "words": [word(channel, 1)] }), 500).await;
        refused(&host, &json!({ "evict": [[channel, "ada"]] }), 500).await;
    }
    let long = "x".repeat(stoa_kernel::limits::LIVE_MESSAGE_BYTES_MAX);
    let word_of = |event: &str, payload: &str| json!({ "words": [{ "channel": NEWS, "event": event, "payload": payload }] });
    refused(&host, &word_of("Said", "x"), 500).await;
    refused(&host, &word_of("said", &long), 500).await;
    let too_many = json!({ "words": [word(NEWS, 1)], "repeat": 256 });
    refused(&host, &too_many, 422).await;
    say_on(&host, NEWS, 7).await;
    assert_eq!(message(&mut ear).await.1, json!(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_capability_a_plugin_that_speaks_is_refused() {
    let host = TestHost::builder().start().await;
    let bytes = std::fs::read(stoa_testkit::guest_file("herald")).unwrap();
    let silent = stoa_testkit::repack(&bytes, |package| {
        package.manifest.capabilities.remove("live");
    });
    let reason = host.install("herald", &silent).await.unwrap_err();
    assert!(reason.contains("live"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_s_handlers_are_handlers_as_any_other() {
    let host = herald().await;
    let snapshot = host.runtime.snapshot();
    let room = snapshot.channel("herald/rooms/r").unwrap();
    let ada = principal("ada", Role::User);
    room.may_join(&ada).unwrap();
    let admitted = snapshot.join(&room, request(ada.clone(), "")).await;
    let admitted = admitted.unwrap().unwrap();
    let body: Value = serde_json::from_slice(&admitted.body).unwrap();
    assert_eq!(body, json!({ "room": "r" }));

    let mut ear = ear_on(&host, "herald/rooms/r").await;
    let said = snapshot
        .say(&room, "say", request(ada.clone(), "[1]"))
        .await;
    let body: Value = serde_json::from_slice(&said.unwrap().body).unwrap();
    assert_eq!(body, json!({ "heard": [1] }));
    assert_eq!(
        message(&mut ear).await,
        ("said".into(), json!([1]), Some(1))
    );

    let unknown = snapshot
        .say(&room, "shout", request(ada.clone(), "1"))
        .await;
    assert_eq!(unknown.unwrap_err().code, "unknown-message");
    let closed = snapshot.channel("herald/rooms/closed").unwrap();
    let refused = snapshot.join(&closed, request(ada.clone(), "")).await;
    assert_eq!(refused.unwrap_err().status, 404);
    let inbox = snapshot.channel("herald/inbox/ada").unwrap();
    let free = snapshot.join(&inbox, request(ada.clone(), "")).await;
    assert_eq!(free.unwrap(), None);
    inbox.may_join(&ada).unwrap();
    let other = snapshot.channel("herald/inbox/bob").unwrap();
    assert_eq!(other.may_join(&ada).unwrap_err().status, 404);
    let office = snapshot.channel("herald/office").unwrap();
    assert_eq!(office.may_join(&ada).unwrap_err().status, 404);
    assert!(snapshot.channel("herald/rooms/r\u{7}").is_none());
    let names: Vec<String> = snapshot.channels().iter().map(|c| c.name.clone()).collect();
    assert_eq!(names.first().unwrap(), "host/organization");
    assert!(names.contains(&"herald/inbox/{me}".to_owned()));
}
