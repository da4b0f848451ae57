//! Whose account is erased is forgotten in what channels keep, too.

use std::time::Instant;

use http::Method;
use serde_json::{Value, json};
use stoa_kernel::id::{CollectionName, HOST_PLUGIN, TenantId};
use stoa_kernel::query::Query;
use stoa_kernel::store::Store as _;
use tokio::time::{Duration, sleep};

use super::{PATIENCE, Served, Socket, served};

const PASSWORD: &str = "correct horse battery";
const ROOM: &str = "rooms/room/r1";

/// Somebody with an account: its token and its id.
async fn register(served: &Served, name: &str) -> (String, String) {
    let body =
        json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "name": name });
    let anybody = served.host.anonymous();
    let joined = anybody.post("/api/auth/register", &body).await.json_of(201);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&joined["accessToken"]), text(&joined["user"]["id"]))
}

async fn say(socket: &mut Socket, text: &str) {
    socket
        .send(json!({ "op": "say", "channel": ROOM, "event": "message.new", "data": text }))
        .await;
    let (mut is_said, mut is_heard) = (false, false);
    while !(is_said && is_heard) {
        let frame = socket.frame().await;
        is_said |= frame["op"] == "said";
        is_heard |= frame["data"]["message"] == text;
    }
}

/// Everything that the histories of the default tenant keep.
async fn kept(served: &Served) -> String {
    let main = TenantId::parse("main").unwrap();
    let unit = served.host.store.begin(&main).await.unwrap();
    let messages = CollectionName::new(HOST_PLUGIN, "live_messages");
    let mut text = String::new();
    let mut query = Query {
        limit: 200,
        ..Query::default()
    };
    loop {
        let page = unit.query(&messages, &query).await.unwrap();
        text.extend(page.items.iter().map(|message| &*message.body));
        if page.next_cursor.is_none() {
            return text;
        }
        query.cursor = page.next_cursor;
    }
}

/// Numbers and data of what a room has, told to somebody who comes back without anything.
async fn missed(served: &Served, room: &str, count: usize) -> Vec<(u64, Value)> {
    let mut socket = served.connect("eve").await;
    let channel = format!("rooms/room/{room}");
    let joined = json!({ "op": "join", "channel": channel, "after": 0 });
    let joined = socket.ask(joined).await;
    assert_eq!(joined["gap"], false, "{joined}");
    let mut told = Vec::new();
    for _ in 0..count {
        let frame = socket.frame().await;
        told.push((frame["number"].as_u64().unwrap(), frame["data"].clone()));
    }
    let pong = socket.ask(json!({ "op": "ping" })).await;
    assert_eq!(pong["op"], "pong", "and nothing more");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_said_goes_from_every_history_with_the_account() {
    let served = served().await;
    let _dispatcher = served.host.dispatch().await;
    let (token, account) = register(&served, "ada").await;
    let (other, _) = register(&served, "ben").await;
    let mut ada = Socket::open(served.address, "/api/live", &token).await;
    let mut ben = Socket::open(served.address, "/api/live", &other).await;
    ada.join(ROOM).await;
    say(&mut ada, "my secret").await;
    ben.join(ROOM).await;
    say(&mut ben, "of ben").await;
    say(&mut ada, "another secret").await;
    // By a request, in other rooms, and more than is forgotten at once.
    let actor = served.host.bearer(&token);
    for room in ["r2", "r3", "r4"] {
        let burst = json!({ "count": 50, "bytes": 10 });
        let path = format!("/rooms/{room}/burst");
        let _ = actor.post(&path, &burst).await.expect(204);
    }
    let text = kept(&served).await;
    assert!(text.contains("my secret") && text.contains(&account));

    let body = json!({ "password": PASSWORD }).to_string();
    let erased = actor.send(Method::DELETE, "/api/auth/account", body);
    let _ = erased.await.expect(204);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = kept(&served).await;
        if ["secret", "xxxxxxxxxx", &account]
            .iter()
            .all(|trace| !text.contains(trace))
        {
            assert!(text.contains("of ben"), "the others' words stay");
            break;
        }
        assert!(Instant::now() < deadline, "{text}");
        sleep(Duration::from_millis(20)).await;
    }

    let told = missed(&served, "r1", 1).await;
    assert_eq!((told[0].0, &told[0].1["message"]), (2, &json!("of ben")));
    missed(&served, "r2", 0).await;
    // Numbers go on where they were, for who was there and for who was not.
    say(&mut ben, "alone").await;
    let told = missed(&served, "r1", 2).await;
    assert_eq!((told[1].0, &told[1].1["message"]), (4, &json!("alone")));
}
