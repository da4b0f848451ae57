//! What happens to connections that stay: reloads, floods, slow readers, and the ends of sessions and hosts.

use std::time::Instant;

use futures::SinkExt as _;
use serde_json::json;
use stoa_testkit::{guest_file, repack};
use tokio_tungstenite::tungstenite::Message;

use super::{PATIENCE, Socket, code, served};

const ROOM: &str = "rooms/room/r1";

fn version(greeting: &str) -> Vec<u8> {
    repack(&std::fs::read(guest_file("rooms")).unwrap(), |package| {
        package.manifest.version = "0.2.0".into();
        let setting = package.manifest.settings.get_mut("greeting").unwrap();
        setting.default = Some(greeting.into());
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_answers_the_next_message_on_the_same_connection() {
    let served = served().await;
    let mut sockets = Vec::new();
    for number in 0..8 {
        let mut socket = served.connect(&format!("u{number}")).await;
        socket.join(ROOM).await;
        sockets.push(socket);
    }
    for round in 0..5 {
        let greeting = format!("version {round}");
        served
            .host
            .install("rooms", &version(&greeting))
            .await
            .unwrap();
        for socket in &mut sockets {
            let say = json!({ "op": "say", "channel": ROOM, "event": "typing" });
            socket.send(say).await;
        }
        for socket in &mut sockets {
            let say = json!({ "op": "say", "channel": ROOM, "event": "message.new", "ref": round });
            socket.send(say).await;
        }
        for socket in &mut sockets {
            let mut messages = 0;
            let mut answered = false;
            // Everybody's eight, and one's own answer.
            while messages < 8 || !answered {
                let frame = socket.frame().await;
                match frame["op"].as_str().unwrap() {
                    "message" if frame["event"] == "message.new" => messages += 1,
                    "said" if frame["ref"] == round => {
                        assert_eq!(frame["data"]["greeting"], greeting);
                        answered = true;
                    }
                    "message" | "said" => {}
                    other => panic!("{other}: {frame}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_put_out_and_others_go_on() {
    const ROUNDS_MAX: usize = 60;
    let served = served().await;
    let (mut slow, mut quick) = (served.connect("slow").await, served.connect("quick").await);
    slow.join(ROOM).await;
    quick.join(ROOM).await;
    let mut told = 0;
    while served.host.live.connections() == 2 {
        assert!(
            told < ROUNDS_MAX,
            "everything is kept for who reads nothing"
        );
        served.burst("r1", 20, 30 << 10).await;
        for number in 1..=20 {
            assert_eq!(quick.frame().await["number"], told * 20 + number);
        }
        told += 1;
        // The place is free once the writer has given up.
        if told * 20 * (30 << 10) > 12 << 20 {
            let deadline = Instant::now() + PATIENCE;
            while served.host.live.connections() == 2 && Instant::now() < deadline {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }
    let (last, code) = slow.end().await;
    // Whether the reason still fits on the line is for the line to say.
    if code != 0 {
        assert_eq!((code, &last["reason"]), (4408, &json!("slow-reader")));
    }
    assert_eq!(quick.ask(json!({ "op": "ping" })).await["op"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_fast_is_heard_at_an_even_pace_and_answered_in_order() {
    let served = served().await;
    let mut flood = served.connect("flood").await;
    let started = Instant::now();
    for number in 0..100 {
        flood.send(json!({ "op": "ping", "ref": number })).await;
    }
    for number in 0..100 {
        assert_eq!(flood.frame().await["ref"], number);
    }
    // A burst of 40, then 20 a second.
    let took = started.elapsed();
    assert!(took.as_millis() >= 2_500, "{took:?}");
    let mut other = served.connect("other").await;
    assert_eq!(other.ask(json!({ "op": "ping" })).await["op"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_session_ends_its_connections() {
    let served = served().await;
    let host = &served.host;
    let signup = json!({
        "email": "uma@example.com", "password": "correct horse battery", "name": "Uma", "organizationName": "Uma Ltd",
    });
    let signed_in = host
        .anonymous()
        .post("/api/auth/signup", &signup)
        .await
        .json_of(201);
    let token = signed_in["accessToken"].as_str().unwrap();
    let mut socket = Socket::open(served.address, "/api/live", token).await;
    socket.join(ROOM).await;
    // The access token may run out; the session goes on, and so does the connection.
    host.clock.advance(3_600_000);
    let say = json!({ "op": "say", "channel": ROOM, "event": "typing", "ref": 1 });
    let answers = [socket.ask(say).await, socket.frame().await];
    assert!(
        answers.iter().any(|answer| answer["op"] == "said"),
        "{answers:?}"
    );

    let login = json!({ "email": "uma@example.com", "password": "correct horse battery" });
    let again = host
        .anonymous()
        .post("/api/auth/login", &login)
        .await
        .json_of(200);
    let again = again["accessToken"].as_str().unwrap();
    let sessions = host
        .bearer(again)
        .get("/api/auth/sessions")
        .await
        .json_of(200);
    let other = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] != true)
        .unwrap();
    let path = format!("/api/auth/sessions/{}", other["id"].as_str().unwrap());
    let ended = host.bearer(again).delete(&path).await;
    assert!(ended.status.is_success(), "{}", ended.json());
    let (last, code) = socket.end().await;
    assert_eq!((code, &last["reason"]), (4401, &json!("session-ended")));
    assert_eq!(last.get("retry_ms"), None);
}

/// Nobody tells of time that runs out: the connection is looked at now and then.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_runs_out_ends_its_connections_too() {
    const LATER_MS: u64 = 100 * 86_400_000;
    let served = served().await;
    let signup = json!({
        "email": "uma@example.com", "password": "correct horse battery", "name": "Uma", "organizationName": "Uma Ltd",
    });
    let anybody = served.host.anonymous();
    let signed_in = anybody.post("/api/auth/signup", &signup).await.json_of(201);
    let token = signed_in["accessToken"].as_str().unwrap();
    let mut socket = Socket::open(served.address, "/api/live", token).await;
    socket.join(ROOM).await;
    served.host.clock.advance(LATER_MS);
    let (last, code) = socket.end().await;
    assert_eq!((code, &last["reason"]), (4401, &json!("session-ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_says_goodbye() {
    let mut served = served().await;
    let mut socket = served.connect("uma").await;
    socket.join(ROOM).await;
    served.stop();
    let (last, code) = socket.end().await;
    assert_eq!((code, &last["reason"]), (1012, &json!("shutdown")));
    let retry = last["retry_ms"].as_u64().unwrap();
    assert!((1_000..5_000).contains(&retry), "{retry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn say_after_say_none_overtakes_another() {
    let served = served().await;
    let mut uma = served.connect("uma").await;
    uma.join(ROOM).await;
    for number in 0..20 {
        let say = json!({ "op": "say", "channel": ROOM, "event": "message.new", "data": number, "ref": number });
        uma.0.feed(Message::text(say.to_string())).await.unwrap();
    }
    uma.0.flush().await.unwrap();
    let (mut said, mut heard) = (0, 0);
    while said < 20 || heard < 20 {
        let frame = uma.frame().await;
        if frame["op"] == "said" {
            assert_eq!(frame["ref"], said);
            said += 1;
        } else {
            assert_eq!(
                (&frame["data"]["message"], code(&frame)),
                (&json!(heard), "")
            );
            heard += 1;
        }
    }
}
