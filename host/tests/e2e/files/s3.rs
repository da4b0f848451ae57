//! The story in a bucket: a real server that speaks the language of S3.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stoa_blobs::{Location, S3};
use stoa_testkit::{FilesConfig, TestHost};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{objects, small, story, text, upload};

/// How long the server may take to answer for the first time.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running server. It ends with the test.
pub struct Server {
    port: u16,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts one and makes a bucket.
    pub async fn start(bucket: &str) -> Self {
        let python = std::env::var("STOA_TEST_PYTHON")
            .expect("STOA_TEST_PYTHON: run the tests with `cargo xtask test`");
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new(python)
            .args([
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { port, process };
        let deadline = Instant::now() + READY_WITHIN;
        while !server
            .request(&format!("PUT /{bucket}"))
            .await
            .contains(" 200 ")
        {
            assert!(Instant::now() < deadline, "the server does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server
    }

    /// What it answers; nothing while it is not there.
    pub async fn request(&self, line: &str) -> String {
        let asked = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            let request = format!(
                "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        asked.await.unwrap_or_default()
    }

    /// Where a host finds a bucket of it.
    pub fn config(&self, bucket: &str) -> FilesConfig {
        FilesConfig {
            location: Location::Bucket {
                name: bucket.into(),
                prefix: "a/b".into(),
            },
            s3: S3 {
                region: "us-east-1".into(),
                endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
                access_key: Some("key".into()),
                secret_key: Some("secret".into()),
            },
            ..small()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_bucket_files_come_and_go() {
    let server = Server::start("shop").await;
    let config = server.config("shop");
    let host = TestHost::builder().guest("keeper").files(config);
    let host = host.start().await;
    story::tell(&host).await;
    let uploads = server.request("GET /shop?uploads").await;
    assert!(uploads.contains("ListMultipartUploadsResult"), "{uploads}");
    assert!(
        !uploads.contains("<Upload>"),
        "begun and neither ended nor given up: {uploads}"
    );
    let listed = server.request("GET /shop").await;
    let (_, id) = objects(&host).await.pop().unwrap();
    assert!(
        listed.contains("<Key>a/b/main/") && listed.contains(&id),
        "{listed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_503_and_not_for_ever() {
    let server = Server::start("shop").await;
    let config = server.config("shop");
    let host = TestHost::builder().files(config).start().await;
    let uma = host.user("uma");
    let made = upload(&uma, "a.txt", "text/plain", "short")
        .await
        .json_of(201);
    drop(server);
    let refused = upload(&uma, "b.txt", "text/plain", "short").await;
    let _ = refused.problem(503, "unavailable");
    let lost = host.anonymous().get(text(&made, "url")).await;
    let _ = lost.problem(503, "unavailable");
}
