//! Who comes back hears what it has missed: all of it, once, in its order.

use std::sync::Arc;

use serde_json::json;
use stoa_kernel::clock::Clock as _;
use stoa_kernel::live::{End, Heard, JoinError, Live as _, Message, Push, Words, keep};
use stoa_kernel::store::{CommitError, Store as _};
use stoa_live::{CHANNELS_PER_CONNECTION_MAX, WAITING_MAX};
use stoa_testkit::TestHost;

use super::{ear, ear_on, herald, message, next, numbers, say, say_on, shown, tenant, word};

const ROOM: &str = "herald/rooms/r";
const LONG: &str = "herald/long/l";

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_however_many_write_at_once() {
    let host = herald().await;
    let mut ear = ear_on(&host, LONG).await;
    let speaking = (0..32).map(async |n: u64| say_on(&host, LONG, n).await);
    futures::future::join_all(speaking).await;
    let mut payloads = Vec::new();
    for number in 1..=32 {
        let (_, payload, told) = message(&mut ear).await;
        assert_eq!(told, Some(number));
        payloads.push(payload.as_u64().unwrap());
    }
    payloads.sort_unstable();
    assert_eq!(payloads, (0..32).collect::<Vec<_>>());
    let mut late = super::ear(&host, "bob");
    let joined = late.join(LONG, Some(0)).await.unwrap();
    assert_eq!((joined.last, joined.gap), (32, false));
    assert_eq!(numbers(&joined), (1..=32).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_keeps_its_last_messages_and_tells_of_the_gap() {
    let host = herald().await;
    for n in 1..=25 {
        say_on(&host, ROOM, n).await;
    }
    let passing = json!({ "channel": ROOM, "event": "typing", "passing": true });
    say(&host, &json!({ "words": [passing] })).await;
    for (after, expected, gap) in [
        (Some(0), 16..=25, true),
        (Some(14), 16..=25, true),
        (Some(15), 16..=25, false),
        (Some(23), 24..=25, false),
    ] {
        let joined = ear(&host, "ada").join(ROOM, after).await.unwrap();
        assert_eq!((joined.last, joined.gap), (25, gap), "{after:?}");
        assert_eq!(numbers(&joined), expected.collect::<Vec<_>>(), "{after:?}");
    }
    for (after, gap) in [(None, false), (Some(25), false), (Some(26), true)] {
        let joined = ear(&host, "ada").join(ROOM, after).await.unwrap();
        assert_eq!(
            (numbers(&joined), joined.gap),
            (Vec::new(), gap),
            "{after:?}"
        );
    }
    let joined = ear(&host, "ada").join(ROOM, Some(24)).await.unwrap();
    let last = shown(&joined.missed[0]);
    assert_eq!(last, ("said".into(), json!(25), Some(25)));
    // Nobody comes back after so long.
    host.clock.advance(31 * 86_400_000);
    let joined = ear(&host, "ada").join(ROOM, Some(20)).await.unwrap();
    assert_eq!((numbers(&joined), joined.gap), (Vec::new(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_large_messages_is_told_as_far_as_it_fits() {
    let host = herald().await;
    let payload = "x".repeat(30_000);
    for _ in 0..4 {
        let large = json!({ "channel": LONG, "event": "said", "payload": payload });
        say(&host, &json!({ "words": [large], "repeat": 11 })).await;
    }
    let joined = ear(&host, "ada").join(LONG, Some(0)).await.unwrap();
    assert_eq!((joined.last, joined.gap), (48, true));
    let told = numbers(&joined);
    assert!(told.len() > 30 && told.len() < 36, "{}", told.len());
    let suffix: Vec<u64> = (49 - told.len() as u64..=48).collect();
    assert_eq!(told, suffix);
}

/// What nobody in particular says.
const fn said(payload: &str) -> Words<'_> {
    Words {
        event: "said",
        payload,
        author: None,
    }
}

/// Says something as a request does: written with its number, told after the commit, by whatever thread comes first.
async fn commit(host: &TestHost, n: u64) {
    loop {
        let unit = host.store.begin(&tenant()).await.unwrap();
        let payload = n.to_string();
        let number = keep(&*unit, LONG, 1_000, said(&payload), host.clock.now()).await;
        let number = Some(number.unwrap());
        match unit.commit().await {
            Ok(()) => {
                // Others may come first now.
                tokio::task::yield_now().await;
                let message = Message {
                    channel: LONG.into(),
                    event: "said".into(),
                    payload: payload.into(),
                    number,
                };
                host.live
                    .push(&tenant(), vec![Push::Say(Arc::new(message))]);
                return;
            }
            Err(CommitError::Conflict) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_while_others_speak_loses_nothing_and_hears_nothing_twice() {
    const SPEAKERS: u64 = 4;
    const EACH: u64 = 40;
    let host = Arc::new(TestHost::builder().start().await);
    let speaking: Vec<_> = (0..SPEAKERS)
        .map(|speaker| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                for n in 0..EACH {
                    commit(&host, speaker * EACH + n).await;
                }
            })
        })
        .collect();
    let listening: Vec<_> = (0..24_u64)
        .map(|n| {
            let host = Arc::clone(&host);
            tokio::spawn(async move {
                // They come at all times, some of them twice.
                let mut ear = ear(&host, "ada");
                for _ in 0..n * 7 {
                    tokio::task::yield_now().await;
                }
                let joined = ear.join(LONG, Some(0)).await.unwrap();
                assert!(!joined.gap);
                let mut told = numbers(&joined);
                if n % 3 == 0 {
                    ear.leave(LONG);
                    let last = told.last().copied().unwrap_or(0);
                    let again = ear.join(LONG, Some(last)).await.unwrap();
                    told.extend(numbers(&again));
                }
                while told.len() < (SPEAKERS * EACH) as usize {
                    told.push(message(&mut ear).await.2.unwrap());
                }
                told
            })
        })
        .collect();
    for speaker in speaking {
        speaker.await.unwrap();
    }
    let all: Vec<u64> = (1..=SPEAKERS * EACH).collect();
    for listener in listening {
        assert_eq!(listener.await.unwrap(), all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_found_in_the_history() {
    let host = herald().await;
    let mut ear = ear_on(&host, LONG).await;
    // Written by a host that could not tell of it.
    let unit = host.store.begin(&tenant()).await.unwrap();
    for n in ["1", "2"] {
        let _ = keep(&*unit, LONG, 1_000, said(n), host.clock.now())
            .await
            .unwrap();
    }
    unit.commit().await.unwrap();
    say(
        &host,
        &json!({ "words": [word(LONG, 3), word("herald/news", 9)] }),
    )
    .await;
    for n in 1..=3 {
        let heard = message(&mut ear).await;
        assert_eq!(heard, ("said".into(), json!(n), Some(n)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_find_holds_up_nobody() {
    let host = herald().await;
    let mut ear = ear_on(&host, ROOM).await;
    let message_of = |number| {
        let message = Message {
            channel: ROOM.into(),
            event: "said".into(),
            payload: "{}".into(),
            number: Some(number),
        };
        vec![Push::Say(Arc::new(message))]
    };
    host.live.push(&tenant(), message_of(5));
    host.live.push(&tenant(), message_of(4));
    assert_eq!(message(&mut ear).await.2, Some(4));
    assert_eq!(message(&mut ear).await.2, Some(5));
    host.live.push(&tenant(), message_of(5));
    host.live.push(&tenant(), message_of(6));
    assert_eq!(message(&mut ear).await.2, Some(6), "nothing comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_ended_and_the_others_go_on() {
    let host = herald().await;
    let (mut slow, mut quick) = (ear(&host, "ada"), ear(&host, "bob"));
    for ear in [&mut slow, &mut quick] {
        let _ = ear.join("herald/news", None).await.unwrap();
    }
    for n in 0..=WAITING_MAX as u64 {
        say_on(&host, "herald/news", n).await;
        assert_eq!(message(&mut quick).await.1, json!(n));
    }
    assert_eq!(next(&mut slow).await, Heard::End(End::SlowReader));
    say_on(&host, "herald/news", 1_000).await;
    assert_eq!(message(&mut quick).await.1, json!(1_000));
    let more = tokio::time::timeout(std::time::Duration::from_millis(50), slow.next());
    assert!(more.await.is_err(), "nothing comes after the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_joins_so_many_channels_and_no_more() {
    let host = herald().await;
    let mut ear = ear(&host, "ada");
    for n in 0..CHANNELS_PER_CONNECTION_MAX {
        let _ = ear.join(&format!("herald/rooms/{n}"), None).await.unwrap();
    }
    let _ = ear.join("herald/rooms/0", None).await.unwrap();
    let refused = ear.join("herald/news", None).await;
    assert!(matches!(refused, Err(JoinError::Limit(_))));
    ear.leave("herald/rooms/0");
    let _ = ear.join("herald/news", None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_listeners_hear_the_same_text() {
    let host = herald().await;
    let mut ears = Vec::new();
    for _ in 0..2_000 {
        ears.push(ear_on(&host, "herald/news").await);
    }
    say_on(&host, "herald/news", 1).await;
    let mut payloads = Vec::new();
    for ear in &mut ears {
        match next(ear).await {
            Heard::Message(message) => payloads.push(message),
            other => panic!("no message: {other:?}"),
        }
    }
    let first = &payloads[0];
    assert!(payloads.iter().all(|payload| Arc::ptr_eq(payload, first)));
    assert_eq!(host.live.connections(), 2_000);
    drop(ears);
    assert_eq!(host.live.connections(), 0);
}
