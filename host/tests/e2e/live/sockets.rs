//! What passes over a WebSocket.

use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use futures::SinkExt as _;

use super::{Socket, code, served};

const ROOM: &str = "rooms/room/r1";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_a_request_and_everybody_hears_it_in_order() {
    let served = served().await;
    let (mut uma, mut ben) = (served.connect("uma").await, served.connect("ben").await);
    let joined = uma.join(ROOM).await;
    assert_eq!(joined["data"], json!({ "room": "r1", "greeting": "hello" }));
    assert_eq!(
        (&joined["last"], &joined["gap"]),
        (&json!(0), &json!(false))
    );
    ben.join(ROOM).await;
    for number in 1..=10 {
        let say = json!({ "op": "say", "channel": ROOM, "event": "message.new", "data": { "n": number }, "ref": number });
        uma.send(say).await;
        let (mut answered, mut heard) = (false, false);
        while !(answered && heard) {
            let frame = uma.frame().await;
            match frame["op"].as_str().unwrap() {
                "said" => {
                    assert_eq!(
                        (&frame["ref"], &frame["data"]),
                        (&json!(number), &json!({ "greeting": "hello" }))
                    );
                    answered = true;
                }
                "message" => {
                    assert_eq!(frame["number"], number);
                    heard = true;
                }
                other => panic!("{other}: {frame}"),
            }
        }
        let expected = json!({
            "op": "message", "channel": ROOM, "event": "message.new", "number": number,
            "data": { "by": "uma", "message": { "n": number } },
        });
        assert_eq!(ben.frame().await, expected);
    }
    // What no history keeps has no number, and what fails is never told.
    let fail = uma
        .ask(json!({ "op": "say", "channel": ROOM, "event": "fail", "ref": "f" }))
        .await;
    assert_eq!(
        (code(&fail["problem"]), &fail["ref"]),
        ("no-room", &json!("f"))
    );
    let unknown = uma
        .ask(json!({ "op": "say", "channel": ROOM, "event": "unheard" }))
        .await;
    assert_eq!(code(&unknown["problem"]), "unknown-message");
    uma.send(json!({ "op": "say", "channel": ROOM, "event": "typing" }))
        .await;
    let typing = ben.frame().await;
    assert_eq!(
        typing,
        json!({ "op": "message", "channel": ROOM, "event": "typing", "data": { "by": "uma" } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_told_what_was_missed() {
    let served = served().await;
    served.burst("r1", 30, 1).await;
    let mut uma = served.connect("uma").await;
    let joined = uma
        .ask(json!({ "op": "join", "channel": ROOM, "after": 27 }))
        .await;
    assert_eq!(
        (&joined["last"], &joined["gap"]),
        (&json!(30), &json!(false))
    );
    for number in 28..=30 {
        assert_eq!(uma.frame().await["number"], number);
    }
    served.burst("r1", 30, 1).await;
    for number in 31..=60 {
        assert_eq!(uma.frame().await["number"], number);
    }
    // Of 60 the room keeps 50.
    let mut ben = served.connect("ben").await;
    let joined = ben
        .ask(json!({ "op": "join", "channel": ROOM, "after": 1 }))
        .await;
    assert_eq!(joined["gap"], true);
    assert_eq!(ben.frame().await["number"], 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_a_channel_joins_it_at_once() {
    let served = served().await;
    let token = served.token("uma");
    let mut uma = Socket::open(served.address, "/rooms/ws", &token).await;
    assert_eq!(uma.frame().await["channel"], "rooms/inbox/uma");
    uma.send(json!({ "op": "say", "event": "note", "data": "buy milk", "ref": 1 }))
        .await;
    let mut frames = [uma.frame().await, uma.frame().await];
    frames.sort_by_key(|frame| frame["op"].as_str().unwrap().to_owned());
    assert_eq!(
        (&frames[0]["data"], &frames[0]["number"]),
        (&json!("buy milk"), &json!(1))
    );
    assert_eq!(
        frames[1],
        json!({ "op": "said", "ref": 1, "data": { "noted": true } })
    );
    let left = uma.ask(json!({ "op": "leave", "ref": 2 })).await;
    assert_eq!(
        left,
        json!({ "op": "left", "channel": "rooms/inbox/uma", "ref": 2 })
    );

    let mut again = Socket::open(served.address, "/rooms/ws?after=0", &token).await;
    assert_eq!(again.frame().await["last"], 1);
    assert_eq!(again.frame().await["data"], "buy milk");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_the_connection_and_says_why() {
    let served = served().await;
    let long = format!("{{\"op\":\"ping\",\"ref\":\"{}\"}}", "x".repeat(32 << 10));
    for (message, code, reason) in [
        (Message::text("{"), 4400, "malformed"),
        (Message::text("[]"), 4400, "malformed"),
        (Message::text(r#"{"op":"shout"}"#), 4400, "malformed"),
        (
            Message::text(r#"{"op":"ping","more":1}"#),
            4400,
            "malformed",
        ),
        (Message::binary(Bytes::from_static(b"{}")), 1003, "binary"),
        (Message::text(long), 1009, "too-large"),
    ] {
        let mut socket = served.connect("uma").await;
        let _ = socket.0.send(message).await;
        let (last, closed) = socket.end().await;
        assert_eq!((closed, &last["reason"]), (code, &json!(reason)), "{last}");
    }
    // What lacks something is answered.
    let mut socket = served.connect("uma").await;
    for (frame, field) in [
        (json!({ "op": "join" }), "channel"),
        (json!({ "op": "say", "channel": ROOM }), "event"),
    ] {
        assert_eq!(socket.ask(frame).await["problem"]["field"], field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_put_out_of_a_room_hears_no_more_of_it() {
    let served = served().await;
    let mut uma = served.connect("uma").await;
    uma.join(ROOM).await;
    let admin = served.host.admin();
    let _ = admin
        .post("/rooms/r1/ban/uma", &json!({}))
        .await
        .expect(204);
    assert_eq!(uma.frame().await, json!({ "op": "left", "channel": ROOM }));
    served.burst("r1", 3, 1).await;
    assert_eq!(uma.ask(json!({ "op": "ping" })).await["op"], "pong");
    let back = uma.ask(json!({ "op": "join", "channel": ROOM })).await;
    assert_eq!(back["problem"]["status"], 404);
}
