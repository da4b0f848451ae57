//! How much one account may say.

use serde_json::{Value, json};
use stoa_testkit::TestHost;
use stoa_web::RateLimits;

use super::client::Library;
use super::{Client, Served, Socket, TRANSPORTS, code, serve};

const ROOM: &str = "rooms/room/r1";

/// Messages a minute of one account, joining counts as well.
const PER_MINUTE: u32 = 6;

/// Milliseconds after which one of them comes back.
const ONE_COMES_BACK_MS: u64 = 60_000 / 6;

async fn limited() -> Served {
    let limits = RateLimits {
        messages_per_minute: PER_MINUTE,
        // Nothing else is in the way.
        per_minute: 10_000,
        organization_per_minute: 10_000,
        ..RateLimits::default()
    };
    serve(TestHost::builder().limits(limits)).await
}

fn say(reference: u64) -> Value {
    json!({ "op": "say", "channel": ROOM, "event": "typing", "ref": reference })
}

/// The answer to this, among what else is heard.
async fn answer(socket: &mut Socket, frame: Value) -> Value {
    let reference = frame["ref"].clone();
    socket.send(frame).await;
    loop {
        let told = socket.frame().await;
        if told["op"] != "message" {
            assert_eq!(told["ref"], reference, "{told}");
            return told;
        }
    }
}

fn is_too_much(told: &Value) {
    let problem = &told["problem"];
    assert_eq!(
        (&problem["status"], code(problem)),
        (&json!(429), "rate-limited"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_on_one_session_again_and_again_who_they_are_is_counted_each_time() {
    let limits = RateLimits {
        per_minute: 4,
        ..RateLimits::default()
    };
    let served = serve(TestHost::builder().limits(limits)).await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let opened = super::try_open(served.address, path, &[]).await;
    let mut guessing = opened.ok().unwrap();
    let mut told = Vec::new();
    while told.len() < 4 {
        guessing.say(r#"40{"token":"garbage"}"#).await;
        let answer = guessing.packet_of("44").await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        told.push(answer["message"].as_str().unwrap().to_owned());
    }
    // Opening the session was one of the four.
    let bad = "invalid-token";
    assert_eq!(told, [bad, bad, bad, "rate-limited"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_says_so_much_by_all_of_its_connections_and_others_go_on() {
    let served = limited().await;
    let (mut first, mut second) = (served.connect("uma").await, served.connect("uma").await);
    let mut ben = served.connect("ben").await;
    for socket in [&mut first, &mut second, &mut ben] {
        socket.join(ROOM).await;
    }
    // Of six the two connections have used one each to join.
    for reference in 1..=2 {
        assert_eq!(answer(&mut first, say(reference)).await["op"], "said");
        assert_eq!(answer(&mut second, say(reference)).await["op"], "said");
    }
    for socket in [&mut first, &mut second] {
        is_too_much(&answer(socket, say(3)).await);
        let join = json!({ "op": "join", "channel": "rooms/room/r2", "ref": 4 });
        is_too_much(&answer(socket, join).await);
        // The connection stays; what costs nothing goes on.
        let pong = answer(socket, json!({ "op": "ping", "ref": 5 })).await;
        assert_eq!(pong["op"], "pong");
    }
    let auth = json!({ "token": served.token("uma") });
    let mut client = Client::start(&served, Library::JavaScript, TRANSPORTS[0], &auth);
    client.event("connect").await;
    is_too_much(&client.ask("join", json!({ "channel": ROOM })).await);

    // What was refused is heard by nobody, and nobody else is held up.
    assert_eq!(answer(&mut ben, say(1)).await["op"], "said");
    served.burst("r1", 1, 1).await;
    let mut typed = Vec::new();
    loop {
        let heard = first.frame().await;
        if heard["event"] == "message.new" {
            break;
        }
        typed.push(heard["data"]["by"].as_str().unwrap().to_owned());
    }
    assert_eq!(typed.last().unwrap(), "ben");
    assert!(
        typed.iter().filter(|by| *by == "uma").count() <= 4,
        "{typed:?}"
    );

    served.host.clock.advance(ONE_COMES_BACK_MS);
    assert_eq!(answer(&mut first, say(6)).await["op"], "said");
    is_too_much(&answer(&mut second, say(7)).await);
}
