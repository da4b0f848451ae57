//! How long a message takes to thousands who listen, what a connection costs, and what one who floods costs the others.
//! Prints one line of JSON per case. Clients are in the same process, so both are counted together.
#![expect(clippy::expect_used, reason = "a measurement that can't begin ends")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use stoa_kernel::id::TenantId;
use stoa_kernel::identity::{Account, Authenticator as _, Credential, Role};
use stoa_testkit::TestHost;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Connections that listen.
const LISTENERS: usize = 2_000;

/// Messages of one measurement, one after the other.
const MESSAGES: usize = 50;

const ROOM: &str = "rooms/room/bench";

type Socket = WebSocketStream<TcpStream>;

#[tokio::main]
async fn main() {
    let host = Arc::new(TestHost::builder().guest("rooms").start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    tokio::spawn(Arc::clone(&host.edge).serve(listener, std::future::pending()));

    let before = resident_bytes();
    let (heard, mut arrivals) = mpsc::unbounded_channel();
    for number in 0..LISTENERS {
        let socket = join(&host, address, &format!("listener-{number}")).await;
        tokio::spawn(listen(socket, heard.clone()));
    }
    let per_socket = resident_bytes().saturating_sub(before) / LISTENERS as u64;
    let quiet = fan_out(&host, &mut arrivals).await;
    println!(
        "{}",
        json!({ "case": "fan_out", "sockets": LISTENERS, "bytes_per_socket": per_socket, "p50_ms": quiet.0, "p99_ms": quiet.1 })
    );

    // As fast as its connection takes it, in a room of its own and with what nobody else hears.
    let mut flood = join(&host, address, "flood").await;
    let flooding = tokio::spawn(async move {
        let frame =
            json!({ "op": "say", "channel": ROOM, "event": "unheard", "data": "x".repeat(1_000) });
        let frame = frame.to_string();
        while flood.send(Message::text(frame.as_str())).await.is_ok() {}
    });
    let flooded = fan_out(&host, &mut arrivals).await;
    flooding.abort();
    println!(
        "{}",
        json!({ "case": "flood", "sockets": LISTENERS, "p50_ms": flooded.0, "p99_ms": flooded.1, "p99_ratio": flooded.1 / quiet.1 })
    );
}

/// A connection of this account that listens to the room.
async fn join(host: &TestHost, address: SocketAddr, account: &str) -> Socket {
    let account = Account {
        id: account.into(),
        email: None,
        role: Role::User,
        tenant: Some(TenantId::parse("main").expect("a tenant's id")),
        operator: false,
        credential: Credential::Development,
    };
    let (token, _) = host.identity.issue_development(&account).expect("a token");
    let url = format!("ws://{address}/api/live");
    let mut request = url.into_client_request().expect("a request");
    let bearer = format!("Bearer {token}").parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(address).await.expect("a connection");
    // A client's usual 128 KiB would be most of what is measured.
    let small = WebSocketConfig::default().read_buffer_size(4 << 10);
    let opened = client_async_with_config(request, stream, Some(small)).await;
    let (mut socket, _) = opened.expect("a socket");
    let join = json!({ "op": "join", "channel": ROOM }).to_string();
    socket.send(Message::text(join)).await.expect("a socket");
    let joined = socket.next().await.expect("a frame").expect("a frame");
    assert!(joined.to_text().expect("text").contains("joined"));
    socket
}

/// Notes when messages come.
async fn listen(mut socket: Socket, heard: mpsc::UnboundedSender<Instant>) {
    while let Some(Ok(message)) = socket.next().await {
        if matches!(&message, Message::Text(text) if text.contains("message.new")) {
            let _ = heard.send(Instant::now());
        }
    }
}

/// Milliseconds from a message's request to its arrivals: the median and the 99th percentile.
async fn fan_out(host: &TestHost, arrivals: &mut mpsc::UnboundedReceiver<Instant>) -> (f64, f64) {
    let admin = host.admin();
    let mut took = Vec::with_capacity(MESSAGES * LISTENERS);
    for _ in 0..MESSAGES {
        let begun = Instant::now();
        let burst = json!({ "count": 1, "bytes": 100 });
        let _ = admin.post("/rooms/bench/burst", &burst).await.expect(204);
        for _ in 0..LISTENERS {
            let arrived = tokio::time::timeout(Duration::from_secs(60), arrivals.recv()).await;
            let arrived = arrived.expect("every message").expect("every message");
            took.push(arrived.duration_since(begun).as_secs_f64() * 1_000.0);
        }
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (took.len() as f64 * share) as usize;
        took.get(place).copied().unwrap_or_default()
    };
    (at(0.5), at(0.99))
}

/// What the process holds in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .expect("VmRSS");
    kib << 10
}
