//! The clients of Socket.IO that people use: `socket.io-client` for JavaScript, and `python-socketio`.

use serde_json::json;

use super::client::{Client, LIBRARIES, Library, TRANSPORTS};
use super::{code, served};

const ROOM: &str = "rooms/room/r1";

#[tokio::test(flavor = "multi_thread")]
async fn every_library_connects_by_every_transport_joins_says_and_hears() {
    let served = served().await;
    for library in LIBRARIES {
        for transports in TRANSPORTS {
            let auth = json!({ "token": served.token("uma") });
            let mut client = Client::start(&served, library, transports, &auth);
            // The Python library tells of what comes in threads that race each other.
            let (mut is_connected, mut greeted) = (false, Vec::new());
            while !is_connected || greeted.len() < 2 {
                match client.next().await {
                    (event, _) if event == "connect" => is_connected = true,
                    (event, args) if event == "joined" => greeted.push(args[0]["channel"].clone()),
                    (event, args) => assert_eq!(event, "upgrade", "{args:?}"),
                }
            }
            assert!(greeted.contains(&json!("rooms/inbox/uma")), "{greeted:?}");
            assert!(greeted.contains(&json!("host/organization")), "{greeted:?}");

            let joined = client.ask("join", json!({ "channel": ROOM })).await;
            assert_eq!(
                joined["data"]["greeting"], "hello",
                "{library:?} {transports}"
            );
            let last = joined["last"].as_u64().unwrap();
            client.emit(
                "say",
                json!({ "channel": ROOM, "event": "message.new", "data": { "n": 1 } }),
            );
            let (mut heard, mut said) = (None, None);
            while heard.is_none() || said.is_none() {
                match client.next().await {
                    (event, args) if event == "message.new" => heard = Some(args),
                    (event, args) if event == "ack" => said = Some(args),
                    (event, args) => assert_eq!(event, "upgrade", "{args:?}"),
                }
            }
            let message = json!({ "by": "uma", "message": { "n": 1 } });
            let origin = json!({ "channel": ROOM, "number": last + 1 });
            assert_eq!(heard.unwrap(), [message, origin]);
            assert_eq!(said.unwrap(), [json!({ "data": { "greeting": "hello" } })]);

            let refused = client
                .ask("join", json!({ "channel": "rooms/inbox/ben" }))
                .await;
            assert_eq!(code(&refused["problem"]), "not-found");
            let nonsense = client.ask("say", json!(7)).await;
            assert_eq!(code(&nonsense["problem"]), "invalid-request");
            let left = client.ask("leave", json!({ "channel": ROOM })).await;
            assert_eq!(left, json!({ "channel": ROOM }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_nothing_good_is_not_connected() {
    let served = served().await;
    for library in LIBRARIES {
        for (auth, expected) in [
            (json!({}), "unauthenticated"),
            (json!({ "token": "garbage" }), "invalid-token"),
            (json!({ "ticket": "garbage" }), "invalid-token"),
        ] {
            let mut client = Client::start(&served, library, TRANSPORTS[0], &auth);
            let (event, args) = client.next().await;
            assert_eq!(
                (event.as_str(), &args[0]),
                ("connect_error", &json!(expected)),
                "{library:?}"
            );
        }
    }
    assert_eq!(served.host.live.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_by_a_ticket_is_told_what_was_missed_and_why_it_ends() {
    let mut served = served().await;
    served.burst("r1", 5, 1).await;
    let ticket = served
        .host
        .user("uma")
        .post("/api/live/tickets", &json!({}))
        .await
        .json_of(200);
    let auth = json!({ "ticket": ticket["ticket"] });
    let mut client = Client::start(&served, Library::JavaScript, TRANSPORTS[2], &auth);
    client.event("connect").await;
    let joined = client
        .ask("join", json!({ "channel": ROOM, "after": 3 }))
        .await;
    assert_eq!(joined["last"], 5);
    for number in [4, 5] {
        assert_eq!(client.event("message.new").await[1]["number"], number);
    }
    let admin = served.host.admin();
    let _ = admin
        .post("/rooms/r1/ban/uma", &json!({}))
        .await
        .expect(204);
    assert_eq!(client.event("left").await, [json!({ "channel": ROOM })]);

    let note = json!({ "channel": "rooms/inbox/uma", "event": "note", "data": "one" });
    let _ = client.ask("say", note).await;
    let auth = json!({ "token": served.token("uma"), "after": { "rooms/inbox/uma": 0 } });
    let mut again = Client::start(&served, Library::JavaScript, TRANSPORTS[0], &auth);
    assert_eq!(again.event("note").await[0], "one");

    served.stop();
    for client in [&mut client, &mut again] {
        assert_eq!(client.event("end").await[0]["reason"], "shutdown");
        let (event, _) = client.next().await;
        assert_eq!(event, "disconnect");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_puts_its_sender_out() {
    let served = served().await;
    let auth = json!({ "token": served.token("flood") });
    let mut client = Client::start(&served, Library::JavaScript, TRANSPORTS[0], &auth);
    client.event("connect").await;
    for _ in 0..500 {
        client.emit("leave", json!({ "channel": ROOM }));
    }
    assert_eq!(client.event("end").await[0]["reason"], "flood");
}
