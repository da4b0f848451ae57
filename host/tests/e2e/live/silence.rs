//! Clients that give no sign of life, and clients that take nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stoa_testkit::{TestHost, TestHostBuilder};
use stoa_web::LiveTimes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::stream::Events;
use super::{PATIENCE, Served, Socket, serve};

const ROOM: &str = "rooms/room/r1";

/// Silent for longer ends a connection, in these tests.
const SILENT: Duration = Duration::from_secs(4);

/// How often a client is asked.
const PING: Duration = Duration::from_millis(500);

const TIMES: LiveTimes = LiveTimes {
    ping_ms_every: PING.as_millis() as u64,
    silent_ms_max: SILENT.as_millis() as u64,
    write_ms_max: 60_000,
};

/// Bytes that a stalled client's line takes at most.
const BUFFER_BYTES: u32 = 16 << 10;

fn impatient() -> TestHostBuilder {
    TestHost::builder().live_times(TIMES)
}

/// Opens a WebSocket by hand, on a line that takes little: nothing answers pings, and nothing reads.
async fn deaf(served: &Served, account: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(BUFFER_BYTES).unwrap();
    let mut stream = socket.connect(served.address).await.unwrap();
    let head = format!(
        "GET /api/live HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        served.token(account)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{answer:?}");
    stream
}

/// The next frame of a host, which masks nothing: what kind it is, and what it carries.
async fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let kind = stream.read_u8().await.unwrap() & 0x0f;
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        127 => usize::try_from(stream.read_u64().await.unwrap()).unwrap(),
        short => usize::from(short),
    };
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    (kind, bytes)
}

/// Waits until so many connections are left.
async fn until_left(served: &Served, count: usize) {
    let left = async {
        while served.host.live.connections() != count {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = timeout(PATIENCE, left).await;
    assert!(waited.is_ok(), "{}", served.host.live.connections());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_no_sign_of_life_is_dropped_in_time_and_told_why() {
    const ASKS: u8 = 9;
    const TEXT: u8 = 1;
    const CLOSE: u8 = 8;
    let served = serve(impatient()).await;
    let mut lively = served.connect("uma").await;
    let answering = tokio::spawn(async move {
        // Reading answers pings. It goes on for as long as the other one is there, and longer.
        let quiet = timeout(SILENT * 2, lively.next()).await;
        assert!(quiet.is_err(), "{quiet:?}");
        lively
    });
    let begun = Instant::now();
    let mut silent = deaf(&served, "ben").await;
    let mut pings = 0;
    let end = loop {
        match timeout(PATIENCE, frame(&mut silent)).await.unwrap() {
            (ASKS, _) => pings += 1,
            (TEXT, text) => break serde_json::from_slice::<Value>(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(begun.elapsed() >= SILENT, "{:?}", begun.elapsed());
    assert!(pings >= 1, "it was asked");
    assert_eq!(
        end,
        json!({ "op": "end", "reason": "silent", "retry_ms": 1_000 })
    );
    let (kind, close) = frame(&mut silent).await;
    assert_eq!((kind, &close[..2]), (CLOSE, &4408_u16.to_be_bytes()[..]));
    until_left(&served, 1).await;
    let mut lively = answering.await.unwrap();
    assert_eq!(lively.ask(json!({ "op": "ping" })).await["op"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_socket_io_that_answers_no_ping_is_dropped_too() {
    let served = serve(impatient()).await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let begun = Instant::now();
    let opened = super::try_open(served.address, path, &[]).await;
    let mut silent = opened.ok().unwrap();
    let auth = json!({ "token": served.token("uma") });
    silent.say(&format!("40{auth}")).await;
    let _ = silent.packet_of("40").await;
    assert_eq!(served.host.live.connections(), 1);
    until_left(&served, 0).await;
    // The first ping comes with the connection.
    assert!(begun.elapsed() >= SILENT - PING, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_socket_io_that_reads_again_is_told_why_it_ended() {
    let times = LiveTimes {
        write_ms_max: 200,
        ..LiveTimes::default()
    };
    let served = serve(TestHost::builder().live_times(times)).await;
    let mut quick = served.connect("quick").await;
    quick.join(ROOM).await;
    let path = "/socket.io/?EIO=4&transport=websocket";
    let opened = super::try_open(served.address, path, &[]).await;
    let mut slow = opened.ok().unwrap();
    let auth = json!({ "token": served.token("uma") });
    slow.say(&format!("40{auth}")).await;
    let _ = slow.packet_of("40").await;
    let join = json!(["join", { "channel": ROOM }]);
    slow.say(&format!("420{join}")).await;
    let _ = slow.packet_of("430").await;
    let mut told = 0;
    while served.host.live.connections() == 2 {
        assert!(told < 5_000, "the line takes everything");
        served.burst("r1", 1, 30 << 10).await;
        assert_eq!(quick.frame().await["op"], "message");
        told += 1;
    }
    let end = slow.packet_of("42[\"end\"").await;
    assert!(end.contains("slow-reader"), "{end}");
    let _ = slow.packet_of("41").await;
}

/// Says so much in the room that it waits on the line, in its buffers and in the mailbox, and still not all fits.
async fn overflow(served: &Served, socket: &mut Socket) {
    for _ in 0..25 {
        served.burst("r1", 20, 30 << 10).await;
        for _ in 0..20 {
            assert_eq!(socket.frame().await["op"], "message");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_is_told_why_it_ends_once_it_reads_again() {
    // Nothing but what waits ends it.
    let times = LiveTimes {
        write_ms_max: 60_000,
        ..LiveTimes::default()
    };
    let served = serve(TestHost::builder().live_times(times)).await;
    let mut quick = served.connect("quick").await;
    quick.join(ROOM).await;
    let query = format!("channel={ROOM}");
    let mut events = Events::open(&served, &served.token("slow"), &query, None).await;
    assert_eq!(events.next().await.unwrap().kind, "joined");
    let mut slow = served.connect("slow").await;
    slow.join(ROOM).await;
    overflow(&served, &mut quick).await;
    // What waited is gone: of 500 messages some never reached the line.
    let mut told = 0;
    let end = loop {
        match slow.next().await {
            Ok(frame) if frame["op"] == "message" => told += 1,
            other => break other.unwrap(),
        }
    };
    assert_eq!(
        end,
        json!({ "op": "end", "reason": "slow-reader", "retry_ms": 1_000 })
    );
    assert_eq!(slow.next().await.unwrap_err().0, 4408);
    assert!(told < 500, "{told}");
    let mut last = None;
    let end = loop {
        let event = events.next().await.unwrap();
        if event.kind == "end" {
            break event;
        }
        last = event.id;
    };
    assert_eq!(end.data["reason"], "slow-reader");
    // It comes back for the rest, as far as that is kept.
    let mut events = Events::open(&served, &served.token("slow"), &query, last.as_deref()).await;
    assert_eq!(events.next().await.unwrap().data["last"], 500);
    assert_eq!(quick.ask(json!({ "op": "ping" })).await["op"], "pong");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_frees_its_place() {
    let times = LiveTimes {
        write_ms_max: 200,
        ..LiveTimes::default()
    };
    let served = serve(TestHost::builder().live_times(times)).await;
    let mut quick = served.connect("quick").await;
    quick.join(ROOM).await;
    let mut slow = deaf(&served, "slow").await;
    // Masked with zeros: as it is.
    let join = json!({ "op": "join", "channel": ROOM }).to_string();
    let length = u8::try_from(join.len()).unwrap();
    let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], join.as_bytes()].concat();
    slow.write_all(&frame).await.unwrap();
    let mut told = 0;
    while served.host.live.connections() == 2 {
        assert!(told < 5_000, "the line takes everything");
        served.burst("r1", 1, 30 << 10).await;
        assert_eq!(quick.frame().await["op"], "message");
        told += 1;
    }
    assert_eq!(quick.ask(json!({ "op": "ping" })).await["op"], "pong");
}
