//! Two hosts of one service, with a real Redis between them: what is said to one is heard on the other.

use serde_json::{Value, json};
use stoa_testkit::{TestHost, guest_file};

use super::client::Library;
use super::stream::Events;
use super::{Client, Served, Socket, TRANSPORTS, serve};
use crate::health::until_whole;
use crate::process::Stoa;
use crate::redis::Server;

const ROOM: &str = "rooms/room/r1";

/// The way to other hosts, as `/health` calls it.
const BUS: &str = "live-bus";

/// Two hosts over one database.
async fn pair(redis: &Server) -> (Served, Served) {
    let here = serve(TestHost::builder().redis(&redis.url())).await;
    let there = TestHost::builder().redis(&redis.url()).beside(&here.host);
    let there = serve(there).await;
    for host in [&here, &there] {
        until_whole(BUS, true, async || health(host).await).await;
    }
    (here, there)
}

async fn health(host: &Served) -> Value {
    host.host.anonymous().get("/health").await.json_of(200)
}

/// How often a connection looks whether its session goes on, in milliseconds.
const CHECKED_EVERY_MS: u64 = 30_000;

fn say(number: u64) -> Value {
    json!({ "op": "say", "channel": ROOM, "event": "message.new", "data": number })
}

/// The next message, by the socket of somebody who may also be answered.
async fn message(socket: &mut Socket) -> Value {
    loop {
        let frame = socket.frame().await;
        match frame["op"].as_str() {
            Some("message") => return frame,
            Some("said") => {}
            _ => panic!("{frame}"),
        }
    }
}

/// The next message that a history keeps.
async fn kept(socket: &mut Socket) -> Value {
    loop {
        let message = message(socket).await;
        if message.get("number").is_some() {
            return message;
        }
    }
}

/// An account with a session: its token.
async fn sign_up(host: &Served, name: &str) -> String {
    let body = json!({
        "email": format!("{name}@example.com"), "password": "correct horse battery", "name": name,
    });
    let anybody = host.host.anonymous();
    let signed = anybody.post("/api/auth/register", &body).await.json_of(201);
    signed["accessToken"].as_str().unwrap().to_owned()
}

async fn sign_out(host: &Served, token: &str) {
    let actor = host.host.bearer(token);
    let out = actor.post("/api/auth/logout", &json!({})).await;
    let _ = out.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_one_host_is_heard_on_the_other_by_every_protocol() {
    let redis = Server::start();
    let (here, there) = pair(&redis).await;
    let mut uma = here.connect("uma").await;
    let mut ben = there.connect("ben").await;
    uma.join(ROOM).await;
    ben.join(ROOM).await;
    let query = format!("channel={ROOM}");
    let mut events = Events::open(&there, &there.token("eve"), &query, None).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    let auth = json!({ "token": there.token("ira") });
    let mut client = Client::start(&there, Library::JavaScript, TRANSPORTS[0], &auth);
    let joined = client.ask("join", json!({ "channel": ROOM })).await;
    assert_eq!(joined["last"], 0);

    for number in 1..=20 {
        uma.send(say(number)).await;
    }
    let data = |number: u64| json!({ "by": "uma", "message": number });
    for number in 1..=20 {
        let heard = message(&mut ben).await;
        assert_eq!(
            (&heard["number"], &heard["data"]),
            (&json!(number), &data(number))
        );
        let event = events.next().await.unwrap();
        assert_eq!(event.id.as_deref(), Some(number.to_string().as_str()));
        assert_eq!(event.data["data"], data(number));
        let origin = json!({ "channel": ROOM, "number": number });
        assert_eq!(client.event("message.new").await, [data(number), origin]);
        assert_eq!(message(&mut uma).await["number"], number);
    }

    let word = json!({ "channel": ROOM, "event": "message.new", "data": "back" });
    client.emit("say", word);
    let heard = message(&mut uma).await;
    assert_eq!(heard["data"], json!({ "by": "ira", "message": "back" }));
    // What no history keeps comes by Redis alone.
    let typing = json!({ "op": "say", "channel": ROOM, "event": "typing" });
    uma.send(typing).await;
    assert_eq!(message(&mut ben).await["data"]["message"], "back");
    assert_eq!(message(&mut ben).await["event"], "typing");

    let admin = here.host.admin();
    let ban = admin.post("/rooms/r1/ban/ben", &json!({})).await;
    let _ = ban.expect(204);
    assert_eq!(ben.frame().await, json!({ "op": "left", "channel": ROOM }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_on_one_host_ends_its_connections_on_the_other() {
    let redis = Server::start();
    let (here, there) = pair(&redis).await;
    let (token, other) = (sign_up(&here, "uma").await, sign_up(&here, "ben").await);
    let mut stays = Socket::open(there.address, "/api/live", &other).await;
    let mut socket = Socket::open(there.address, "/api/live", &token).await;
    stays.join(ROOM).await;
    let query = format!("channel={ROOM}");
    let mut events = Events::open(&there, &token, &query, None).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    let auth = json!({ "token": token });
    let mut client = Client::start(&there, Library::Python, TRANSPORTS[0], &auth);
    let joined = client.ask("join", json!({ "channel": ROOM })).await;
    assert_eq!(joined["last"], 0);

    sign_out(&here, &token).await;
    let (last, code) = socket.end().await;
    assert_eq!((code, &last["reason"]), (4401, &json!("session-ended")));
    let end = events.next().await.unwrap();
    assert_eq!(
        (end.kind.as_str(), &end.data["reason"]),
        ("end", &json!("session-ended"))
    );
    assert_eq!(client.event("end").await[0]["reason"], "session-ended");
    assert_eq!(stays.ask(json!({ "op": "ping" })).await["op"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_host_goes_on_and_with_it_they_find_each_other_again() {
    let mut redis = Server::start();
    let (here, there) = pair(&redis).await;
    let mut uma = here.connect("uma").await;
    let mut ben = there.connect("ben").await;
    for socket in [&mut uma, &mut ben] {
        socket.join(ROOM).await;
    }
    let token = sign_up(&here, "eve").await;
    let mut eve = Socket::open(there.address, "/api/live", &token).await;
    uma.send(say(1)).await;
    for socket in [&mut uma, &mut ben] {
        assert_eq!(message(socket).await["number"], 1);
    }

    redis.kill();
    for host in [&here, &there] {
        until_whole(BUS, false, async || health(host).await).await;
    }
    // Those on the host hear of it at once. Whether others ever hear a word that no history keeps is for chance.
    uma.send(json!({ "op": "say", "channel": ROOM, "event": "typing" }))
        .await;
    assert_eq!(message(&mut uma).await["event"], "typing");
    for number in 2..=3 {
        uma.send(say(number)).await;
        assert_eq!(message(&mut uma).await["number"], number);
    }
    sign_out(&here, &token).await;

    redis.revive();
    for host in [&here, &there] {
        until_whole(BUS, true, async || health(host).await).await;
    }
    // Nobody says anything, and yet what was kept is told, in its order; and whoever is out is out.
    for number in 2..=3 {
        assert_eq!(kept(&mut ben).await["number"], number);
    }
    // A host that comes back before the other one says the end to nobody; then the next look at the session finds it.
    here.host.clock.advance(CHECKED_EVERY_MS);
    let (last, code) = eve.end().await;
    assert_eq!((code, &last["reason"]), (4401, &json!("session-ended")));
    // Both ways, with the first word of a host that was silent meanwhile.
    ben.send(json!({ "op": "say", "channel": ROOM, "event": "typing" }))
        .await;
    assert_eq!(message(&mut uma).await["data"]["by"], "ben");
    uma.send(say(4)).await;
    for socket in [&mut uma, &mut ben] {
        assert_eq!(kept(socket).await["number"], 4, "nothing is told twice");
    }
}

/// The binary as operators run it; each process has a database of its own.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_one_redis_tell_each_other() {
    let mut redis = Server::start();
    let url = redis.url();
    let environment = [("STOA_REDIS__URL", &*url), ("STOA_DEV__TOKENS", "true")];
    let mut hosts = Vec::new();
    for _ in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("plugins")).unwrap();
        std::fs::copy(guest_file("rooms"), dir.path().join("plugins/rooms.wasm")).unwrap();
        hosts.push((Stoa::start_with(dir.path(), &environment).await, dir));
    }
    let mut sockets = Vec::new();
    for (host, _) in &hosts {
        until_whole(BUS, true, async || host.get("/health", "").await.1).await;
        let body = json!({ "userId": "uma", "email": "uma@example.com" });
        let (status, answer) = host.post("/auth/token", None, &body).await;
        assert_eq!(status, 200, "{answer}");
        let token = answer["token"].as_str().unwrap();
        let mut socket = Socket::open(host.address, "/api/live", token).await;
        socket.join(ROOM).await;
        sockets.push(socket);
    }
    let typing = json!({ "op": "say", "channel": ROOM, "event": "typing" });
    sockets[0].send(typing.clone()).await;
    for socket in &mut sockets {
        assert_eq!(message(socket).await["event"], "typing");
    }
    redis.kill();
    for (host, _) in &hosts {
        until_whole(BUS, false, async || host.get("/health", "").await.1).await;
    }
    sockets[1].send(typing).await;
    assert_eq!(message(&mut sockets[1]).await["event"], "typing");
}
