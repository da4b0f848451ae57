//! Over a socket: what the connection itself takes and refuses.

use std::time::Duration;

use stoa_web::EdgeConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::world::world_with;

/// Longer than any limit of the edge: a connection still open then has no limit.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shorter than the time after which a connection would end for another reason, longer than a busy machine needs.
const NEVER: Duration = Duration::from_secs(15);

struct Server {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

async fn serve(config: EdgeConfig) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let edge = world_with(config).edge;
    let serving = tokio::spawn(edge.serve(listener, async {
        let _ = stopped.await;
    }));
    Server {
        address,
        stop,
        serving,
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes back for these bytes until the edge closes the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The edge may answer and close before it has taken everything.
        let _ = stream.write_all(bytes).await;
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match timeout(PATIENCE, stream.read(&mut chunk)).await.unwrap() {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&answer).into_owned(),
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
        }
    }
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let server = serve(EdgeConfig::default()).await;
    let answer = server
        .exchange(
            b"GET /api/things HTTP/1.1\r\nHost: a\r\n\r\nPUT /api/things/1 HTTP/1.1\r\nHost: a\r\n\
              Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2, "{answer}");
    assert!(answer.contains("\"body\":\"abcde\""));
    assert!(!answer.to_ascii_lowercase().contains("\r\nserver:"));
}

#[tokio::test]
async fn a_head_has_a_length_and_no_body() {
    let server = serve(EdgeConfig::default()).await;
    let answer = server
        .exchange(b"HEAD /do/big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.contains("content-length: 4002\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"));
}

#[tokio::test]
async fn a_body_that_grows_too_long_is_refused_on_the_way() {
    let server = serve(EdgeConfig {
        body_bytes_max: 1_024,
        ..EdgeConfig::default()
    })
    .await;
    let head = "POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    // The last chunk never comes: the edge can't have waited for it.
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let answer = server
        .exchange(format!("{head}{chunk}{chunk}").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("problems/body-too-large"));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_not_read() {
    let server = serve(EdgeConfig {
        body_bytes_max: 1_024,
        ..EdgeConfig::default()
    })
    .await;
    let answer = server
        .exchange(b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn who_may_not_call_is_told_before_sending_a_body() {
    let server = serve(EdgeConfig::default()).await;
    let answer = server
        .exchange(b"POST /api/things HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_broken_body_is_the_clients_fault() {
    let server = serve(EdgeConfig::default()).await;
    let answer = server
        .exchange(
            b"POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn headers_are_bounded_in_number_and_size() {
    let server = serve(EdgeConfig::default()).await;
    let with = |count: usize, value: &str| {
        let lines: String = (0..count)
            .map(|index| format!("x-{index}: {value}\r\n"))
            .collect();
        format!("GET /api/things HTTP/1.1\r\nConnection: close\r\n{lines}\r\n")
    };
    let answer = server.exchange(with(60, "1").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    for request in [with(70, "1"), with(2, &"x".repeat(64 << 10))] {
        let answer = server.exchange(request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 400 "),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn who_dawdles_is_cut_off() {
    let server = serve(EdgeConfig {
        header_read_ms_max: 100,
        ..EdgeConfig::default()
    })
    .await;
    for beginning in [
        "",
        "P",
        "GET /api/things HTTP/1.1\r\nHost: a\r\n",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let started = Instant::now();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
        let took = started.elapsed();
        assert!(took < NEVER, "{beginning:?} was left alone for {took:?}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let server = serve(EdgeConfig {
        request_ms_max: 50,
        ..EdgeConfig::default()
    })
    .await;
    let answer = server
        .exchange(b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_place() {
    let server = serve(EdgeConfig {
        connections_max: 1,
        ..EdgeConfig::default()
    })
    .await;
    let request = b"GET /api/things HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = server.connect().await;
    first.write_all(request).await.unwrap();
    assert!(first.read(&mut [0; 4096]).await.unwrap() > 0);

    let mut second = server.connect().await;
    second.write_all(request).await.unwrap();
    let mut chunk = [0; 4096];
    let early = timeout(Duration::from_millis(200), second.read(&mut chunk)).await;
    assert!(
        early.is_err(),
        "the second connection was served beside the first"
    );
    drop(first);
    assert!(
        timeout(PATIENCE, second.read(&mut chunk))
            .await
            .unwrap()
            .unwrap()
            > 0
    );
}

#[tokio::test]
async fn one_address_has_no_more_connections_than_it_may() {
    let config = || EdgeConfig {
        connections_per_address_max: 2,
        ..EdgeConfig::default()
    };
    let request = b"GET /api/things HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut chunk = [0; 4096];
    let server = serve(config()).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut chunk).await.unwrap() > 0);
        open.push(stream);
    }
    // Closed, or reset because the request was not even read.
    let mut third = server.connect().await;
    let _ = third.write_all(request).await;
    let answer = timeout(PATIENCE, third.read(&mut chunk)).await.unwrap();
    assert!(matches!(answer, Ok(0) | Err(_)), "{answer:?}");
    // Another one's end makes room.
    drop(open.pop());
    let is_served = async || {
        let mut stream = server.connect().await;
        let _ = stream.write_all(request).await;
        matches!(stream.read(&mut [0; 4096]).await, Ok(1..))
    };
    let served = timeout(PATIENCE, async { while !is_served().await {} });
    served.await.unwrap();

    // A trusted proxy's are those of many.
    let server = serve(EdgeConfig {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..config()
    })
    .await;
    for _ in 0..4 {
        let mut stream = server.connect().await;
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut chunk).await.unwrap() > 0);
        open.push(stream);
    }
}

#[tokio::test]
async fn stopping_lets_what_is_under_way_end() {
    // No other limit may be what closes the connections.
    let server = serve(EdgeConfig {
        header_read_ms_max: 300_000,
        ..EdgeConfig::default()
    })
    .await;
    let mut busy = server.connect().await;
    busy.write_all(
        b"POST /api/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
    )
    .await
    .unwrap();
    // The edge asks for the body: the request is under way.
    let asked = "HTTP/1.1 100 Continue\r\n\r\n";
    busy.read_exact(&mut vec![0; asked.len()]).await.unwrap();
    let mut idle = server.connect().await;
    idle.write_all(b"GET /api/things HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(idle.read(&mut [0; 4096]).await.unwrap() > 0);

    server.stop.send(()).unwrap();
    let closed = timeout(NEVER, read_to_end(&mut idle)).await;
    assert_eq!(
        closed.as_deref(),
        Ok(""),
        "an idle connection is closed at once"
    );
    assert!(
        TcpStream::connect(server.address).await.is_err(),
        "nobody new is let in"
    );
    busy.write_all(b"abcd").await.unwrap();
    let answer = read_to_end(&mut busy).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"body\":\"abcd\""),
        "{answer}"
    );
    timeout(PATIENCE, server.serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
