//! Server-sent events, by bytes on a connection.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::stream::Events;
use super::{PATIENCE, served};

const ROOMS: &str = "channel=rooms/room/r1&channel=rooms%2Froom%2Fr2";

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_of_all_its_channels_and_goes_on_where_it_was() {
    let served = served().await;
    let token = served.token("uma");
    let mut events = Events::open(&served, &token, ROOMS, None).await;
    for room in ["rooms/room/r1", "rooms/room/r2"] {
        let joined = events.next().await.unwrap();
        assert_eq!(
            (joined.kind.as_str(), &joined.data["channel"]),
            ("joined", &json!(room))
        );
    }
    served.burst("r1", 2, 1).await;
    served.burst("r2", 1, 1).await;
    let mut last = None;
    for (room, number, id) in [("r1", 1, "1,0"), ("r1", 2, "2,0"), ("r2", 1, "2,1")] {
        let event = events.next().await.unwrap();
        assert_eq!(
            (event.kind.as_str(), event.id.as_deref()),
            ("message", Some(id))
        );
        assert_eq!(event.data["channel"], format!("rooms/room/{room}"));
        assert_eq!(event.data["number"], number);
        last = event.id;
    }
    drop(events);
    served.burst("r2", 2, 1).await;
    served.burst("r1", 1, 1).await;
    let mut events = Events::open(&served, &token, ROOMS, last.as_deref()).await;
    let mut told = Vec::new();
    while told.len() < 3 {
        let event = events.next().await.unwrap();
        if event.kind == "message" {
            told.push((
                event.data["channel"].as_str().unwrap().to_owned(),
                event.data["number"].as_u64().unwrap(),
                event.id.unwrap(),
            ));
        }
    }
    told.sort();
    let expected = [("r1", 3, "3,1"), ("r2", 2, "3,2"), ("r2", 3, "3,3")];
    let expected =
        expected.map(|(room, number, id)| (format!("rooms/room/{room}"), number, id.to_owned()));
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_refused_is_refused_before_the_stream_begins() {
    let served = served().await;
    let uma = served.host.user("uma");
    let path = |query: &str| format!("/api/live/events{query}");
    uma.get(&path("")).await.problem(400, "invalid-request");
    let many: String = (0..17)
        .map(|room| format!("&channel=rooms/room/{room}"))
        .collect();
    uma.get(&path(&format!("?{many}")))
        .await
        .problem(400, "invalid-request");
    for foreign in ["rooms/inbox/ben", "rooms/staff", "rooms/none/1"] {
        uma.get(&path(&format!("?channel=rooms/room/r1&channel={foreign}")))
            .await
            .problem(404, "not-found");
    }
    assert_eq!(served.host.live.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_reason() {
    let mut served = served().await;
    let token = served.token("uma");
    let mut events = Events::open(&served, &token, "channel=rooms/room/r1", None).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    let admin = served.host.admin();
    let _ = admin
        .post("/rooms/r1/ban/uma", &json!({}))
        .await
        .expect(204);
    let left = events.next().await.unwrap();
    assert_eq!(
        (left.kind.as_str(), left.data),
        ("left", json!({ "channel": "rooms/room/r1" }))
    );
    served.stop();
    let end = events.next().await.unwrap();
    assert_eq!(
        (end.kind.as_str(), &end.data["reason"]),
        ("end", &json!("shutdown"))
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_frees_its_place() {
    let served = served().await;
    let events = Events::open(&served, &served.token("uma"), ROOMS, None).await;
    assert_eq!(served.host.live.connections(), 1);
    drop(events);
    let gone = async {
        while served.host.live.connections() > 0 {
            // The line tells that nobody is there when something is written to it.
            served.burst("r1", 1, 1).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, gone).await.expect("a free place");
}
