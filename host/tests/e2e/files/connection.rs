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
    let account = json!({ "userId": "uma", "email": "uma@example.com", "role": "user" });
    let token = host
        .anonymous()
        .post("/auth/token", &account)
        .await
        .json_of(200);
    let token = token["token"].as_str().unwrap().to_owned();

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
