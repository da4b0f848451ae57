//! Machines that listen by an API key: as far as its scopes go, and for as long as it is there.

use serde_json::{Value, json};
use stoa_testkit::Actor;

use super::client::Library;
use super::stream::Events;
use super::{Client, Served, Socket, TRANSPORTS, code, served};

const ROOM: &str = "rooms/room/r1";

/// The administrator of an organisation.
async fn administrator(served: &Served) -> Actor {
    let body = json!({
        "email": "ada@example.com", "password": "correct horse battery", "name": "Ada", "organizationName": "Ada Ltd",
    });
    let anybody = served.host.anonymous();
    let signed = anybody.post("/api/auth/signup", &body).await.json_of(201);
    served.host.bearer(signed["accessToken"].as_str().unwrap())
}

/// A key for these scopes, for a day: its text and its path.
async fn key(ada: &Actor, scopes: Value) -> (String, String) {
    let body = json!({ "name": "robot", "scopes": scopes, "expiresInDays": 1 });
    let made = ada.post("/api/auth/keys", &body).await.json_of(201);
    let path = format!("/api/auth/keys/{}", made["id"].as_str().unwrap());
    (made["key"].as_str().unwrap().to_owned(), path)
}

async fn open(served: &Served, key: &str) -> Socket {
    Socket::open(served.address, "/api/live", key).await
}

fn join() -> Value {
    json!({ "op": "join", "channel": ROOM })
}

fn say(reference: u64) -> Value {
    json!({ "op": "say", "channel": ROOM, "event": "message.new", "data": reference, "ref": reference })
}

async fn is_ended(socket: &mut Socket) {
    let (last, code) = socket.end().await;
    assert_eq!((code, &last["reason"]), (4401, &json!("session-ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_listens_and_says_what_its_scopes_cover() {
    let served = served().await;
    let ada = administrator(&served).await;
    let (foreign, _) = key(&ada, json!(["catalog:write", "cart:read"])).await;
    let (reads, _) = key(&ada, json!(["rooms:read"])).await;
    let (writes, _) = key(&ada, json!(["rooms:write"])).await;

    let mut foreign = open(&served, &foreign).await;
    let refused = foreign.ask(join()).await;
    assert_eq!(code(&refused["problem"]), "not-found");

    let (mut reader, mut writer) = (open(&served, &reads).await, open(&served, &writes).await);
    reader.join(ROOM).await;
    writer.join(ROOM).await;
    let refused = reader.ask(say(1)).await;
    assert_eq!(
        (code(&refused["problem"]), &refused["ref"]),
        ("not-found", &json!(1))
    );
    // What was refused was not told, and what is said by who may is heard by who may only listen.
    writer.send(say(2)).await;
    let heard = reader.frame().await;
    assert_eq!(
        (&heard["number"], &heard["data"]["message"]),
        (&json!(1), &json!(2))
    );

    let query = format!("channel={ROOM}");
    let mut events = Events::open(&served, &reads, &query, Some("0")).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    assert_eq!(events.next().await.unwrap().data["number"], 1);
    let auth = json!({ "token": reads });
    let mut client = Client::start(&served, Library::JavaScript, TRANSPORTS[0], &auth);
    let joined = client.ask("join", json!({ "channel": ROOM })).await;
    assert_eq!(joined["last"], 1);
    let word = json!({ "channel": ROOM, "event": "message.new", "data": 3 });
    let refused = client.ask("say", word).await;
    assert_eq!(code(&refused["problem"]), "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_ends_its_connections_at_once_and_no_others() {
    let served = served().await;
    let ada = administrator(&served).await;
    let (revoked, path) = key(&ada, json!(["rooms:write"])).await;
    let (other, _) = key(&ada, json!(["rooms:write"])).await;
    let (mut first, mut stays) = (open(&served, &revoked).await, open(&served, &other).await);
    let issued = served.host.bearer(&revoked);
    let issued = issued.post("/api/live/tickets", &json!({})).await;
    let ticket = issued.json_of(200)["ticket"].as_str().unwrap().to_owned();
    let by_ticket = format!("/rooms/ws?ticket={ticket}");
    let second = super::try_open(served.address, &by_ticket, &[]).await;
    let mut second = second.ok().unwrap();
    let query = format!("channel={ROOM}");
    let mut events = Events::open(&served, &revoked, &query, None).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    let auth = json!({ "token": revoked });
    let mut client = Client::start(&served, Library::JavaScript, TRANSPORTS[0], &auth);
    client.event("connect").await;

    let _ = ada.delete(&path).await.expect(204);
    // The clock stands still: nobody has looked at the connections.
    is_ended(&mut first).await;
    is_ended(&mut second).await;
    assert_eq!(events.next().await.unwrap().data["reason"], "session-ended");
    assert_eq!(client.event("end").await[0]["reason"], "session-ended");
    stays.join(ROOM).await;
    let bearer = format!("Bearer {revoked}");
    let headers = [("authorization", &*bearer)];
    let refused = super::try_open(served.address, "/api/live", &headers).await;
    assert_eq!(refused.err().unwrap().0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_time_is_over_ends_its_connections() {
    const DAY_MS: u64 = 86_400_000;
    let served = served().await;
    let ada = administrator(&served).await;
    let (key, _) = key(&ada, json!(["rooms:read"])).await;
    let mut socket = open(&served, &key).await;
    socket.join(ROOM).await;
    served.host.clock.advance(DAY_MS);
    is_ended(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_whoever_leaves_end_with_them() {
    let served = served().await;
    let ada = administrator(&served).await;
    let (key, _) = key(&ada, json!(["rooms:read"])).await;
    let mut socket = open(&served, &key).await;
    let body = json!({ "password": "correct horse battery" }).to_string();
    let erased = ada.send(http::Method::DELETE, "/api/auth/account", body);
    let _ = erased.await.expect(204);
    is_ended(&mut socket).await;
}
