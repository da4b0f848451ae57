//! Files over a connection: uploads that end early.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stoa_testkit::{FilesConfig, TestHost};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{objects, small};

/// Longer than a busy machine needs for anything here.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many files of any sort a folder has, those of uploads that go on included.
fn files(dir: &Path) -> usize {
    let Ok(tenants) = std::fs::read_dir(dir) else {
        return 0;
    };
    let count = |tenant: std::fs::DirEntry| std::fs::read_dir(tenant.path()).unwrap().count();
    tenants.map(|tenant| count(tenant.unwrap())).sum()
}

/// Waits until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Somebody's token.
async fn token(host: &TestHost, name: &str) -> String {
    let account = json!({ "userId": name, "email": format!("{name}@example.com"), "role": "user" });
    let issued = host.anonymous().post("/auth/token", &account).await;
    issued.json_of(200)["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_all_places_for_uploads() {
    let host = TestHost::builder().files(small()).start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(Arc::clone(&host.edge).serve(listener, std::future::pending()));
    let (uma, ron) = (token(&host, "uma").await, token(&host, "ron").await);
    let begin = async |token: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/blobs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
             content-type: text/plain\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        (String::from_utf8_lossy(&answer).into_owned(), stream)
    };
    let mut open = Vec::new();
    for _ in 0..stoa_blobs::UPLOADS_PER_ACCOUNT_MAX {
        let (answer, stream) = begin(&uma).await;
        assert_eq!(answer, "HTTP/1.1 100");
        open.push(stream);
    }
    assert_eq!(begin(&uma).await.0, "HTTP/1.1 429");
    assert_eq!(begin(&ron).await.0, "HTTP/1.1 100");
    // One that ends makes room for the next.
    let mut first = open.swap_remove(0);
    first.write_all(b"text").await.unwrap();
    until("no place comes free", async || {
        begin(&uma).await.0 == "HTTP/1.1 100"
    })
    .await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = FilesConfig {
        location: stoa_blobs::Location::Disk(Some(dir.path().into())),
        ..small()
    };
    let host = TestHost::builder().files(config).start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(Arc::clone(&host.edge).serve(listener, std::future::pending()));
    let token = token(&host, "uma").await;

    for framing in ["content-length: 11000000", "transfer-encoding: chunked"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /api/blobs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
             content-type: text/plain\r\n{framing}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // More than a part, so that the storage has begun, and less than was promised.
        let sent = "x".repeat(9_000_000);
        let sent = match framing {
            "transfer-encoding: chunked" => format!("{:x}\r\n{sent}\r\n", sent.len()),
            _ => sent,
        };
        stream.write_all(sent.as_bytes()).await.unwrap();
        until("the storage never begins", async || files(dir.path()) == 1).await;
        drop(stream);
        until("something is left", async || files(dir.path()) == 0).await;
        assert!(objects(&host).await.is_empty());
    }

    // The host is well, and the whole of such a file is taken.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let content = "x".repeat(9_000_000);
    let request = format!(
        "POST /api/blobs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\ncontent-type: text/plain\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{content}",
        content.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(files(dir.path()), 1);
    serving.abort();
}
