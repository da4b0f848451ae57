//! Bodies that pass piece by piece.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use stoa_kernel::call::{Content, Incoming, Request, Response, Source, Streamed};
use stoa_kernel::error::Problem;
use stoa_kernel::service::Service;
use stoa_kernel::wit::Package;
use stoa_web::EdgeConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::world::{World, package, world_of};

const FILES: &str = r#"
    name = "files"
    version = "0.1.0"

    [[route]]
    method = "GET"
    path = "/files/long"
    handler = "long"
    callers = ["public"]

    [[route]]
    method = "POST"
    path = "/files/count"
    handler = "count"
    callers = ["public"]
"#;

/// Bytes of a piece, and of the whole: far more than any buffer on the way.
const PIECE_BYTES: u64 = 64 << 10;
const LONG_BYTES: u64 = 256 << 20;

/// Bytes that the two ends of a connection may hold between them: what systems give a socket, and some more.
const ON_THE_WAY_BYTES_MAX: u64 = 32 << 20;

/// Longer than any honest answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gives a long answer, and counts long questions.
struct Files {
    package: Arc<Package>,
    given: Arc<AtomicU64>,
}

#[async_trait]
impl Service for Files {
    fn package(&self) -> &Arc<Package> {
        &self.package
    }

    async fn handle(&self, _: &str, _: Request) -> Result<Response, Problem> {
        Err(Problem::internal("everything here streams"))
    }

    fn streams(&self, _: &str) -> bool {
        true
    }

    async fn stream(&self, handler: &str, _: Request, body: Incoming) -> Result<Streamed, Problem> {
        let content = if handler == "count" {
            let sum = async |sum: u64, bytes: Bytes| Ok(sum + bytes.len() as u64);
            let counted = body.chunks.try_fold(0, sum).await;
            let counted = counted.map_err(|error| Problem::new(400, "cut", error.to_string()))?;
            let told = json!({ "announced": body.length, "counted": counted });
            Content::Bytes(told.to_string().into())
        } else {
            let (given, piece) = (
                Arc::clone(&self.given),
                Bytes::from(vec![7; PIECE_BYTES as usize]),
            );
            let pieces = futures::stream::iter(0..LONG_BYTES / PIECE_BYTES).map(move |_| {
                given.fetch_add(PIECE_BYTES, Ordering::SeqCst);
                Ok(piece.clone())
            });
            Content::Stream {
                length: LONG_BYTES,
                chunks: pieces.boxed(),
            }
        };
        Ok(Streamed {
            status: 200,
            headers: vec![
                ("content-type".into(), "text/plain".into()),
                ("content-security-policy".into(), "sandbox".into()),
            ],
            content,
            source: Source::Handler,
        })
    }
}

fn world() -> (World, Arc<AtomicU64>) {
    let given = Arc::new(AtomicU64::new(0));
    let files = Files {
        package: package(FILES, json!({})),
        given: Arc::clone(&given),
    };
    let config = EdgeConfig {
        body_bytes_max: 1_000,
        ..EdgeConfig::default()
    };
    let world = world_of(config, |ports| ports.services.push(Arc::new(files)));
    (world, given)
}

#[tokio::test]
async fn a_long_question_passes_where_a_plain_one_would_not() {
    let (world, _) = world();
    let long = "x".repeat(100_000);
    let answer = world.send("POST", "/files/count", &[], &long).await;
    assert_eq!(
        answer.json(),
        json!({ "announced": 100_000, "counted": 100_000 })
    );
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
}

#[tokio::test]
async fn a_head_asks_for_nothing_of_a_long_answer() {
    let (world, given) = world();
    let answer = world.send("HEAD", "/files/long", &[], "").await;
    assert_eq!(
        answer.header("content-length"),
        Some(LONG_BYTES.to_string().as_str())
    );
    assert!(answer.body.is_empty());
    assert_eq!(given.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_given_no_more_than_it_takes() {
    let (world, given) = world();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(world.edge.serve(listener, std::future::pending()));
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    let mut stream: TcpStream = socket.connect(address).await.unwrap();
    let head = "GET /files/long HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut taken, mut piece) = (0, vec![0; 64 << 10]);
    let mut first = Vec::new();
    loop {
        let read = timeout(PATIENCE, stream.read(&mut piece))
            .await
            .unwrap()
            .unwrap();
        if read == 0 {
            break;
        }
        if first.is_empty() {
            first = piece[..read].to_vec();
        }
        taken += read as u64;
        let ahead = given.load(Ordering::SeqCst).saturating_sub(taken);
        assert!(
            ahead <= ON_THE_WAY_BYTES_MAX,
            "{ahead} bytes wait for a slow reader"
        );
    }
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(
        first.contains(&format!("content-length: {LONG_BYTES}\r\n")),
        "{first:.300}"
    );
    assert!(taken > LONG_BYTES, "all of it, and the head: {taken}");
    serving.abort();
}
