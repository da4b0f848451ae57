//! The real binary as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a host may take to answer for the first time: it compiles its plugin.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A `stoa` process that does not outlive its test.
pub struct Stoa {
    pub process: Child,
    pub address: SocketAddr,
}

impl Drop for Stoa {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stoa {
    /// Starts on the folder and waits until it is well.
    pub async fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[]).await
    }

    /// The same with more of its environment.
    pub async fn start_with(dir: &Path, environment: &[(&str, &str)]) -> Self {
        Self::spawn(dir, environment).until_well().await
    }

    /// Waits until it is well.
    pub async fn until_well(self) -> Self {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if matches!(self.request("GET /health HTTP/1.1").await, Some(answer) if answer.contains(" 200 "))
            {
                return self;
            }
            assert!(Instant::now() < deadline, "the host is not well");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts and waits for nothing.
    pub fn spawn(dir: &Path, environment: &[(&str, &str)]) -> Self {
        Self::spawn_as(dir, &["serve"], environment)
    }

    /// The same with more words of its command line.
    pub fn spawn_as(dir: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = Command::new(env!("CARGO_BIN_EXE_stoa"))
            .args(arguments)
            .env("STOA_HTTP__LISTEN", address.to_string())
            .env("STOA_DATA__DIR", dir)
            .env("STOA_LOG__FILTER", "warn")
            // All of the load comes from one address.
            .env("STOA_LIMITS__ENABLED", "false")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, address }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// One request on a connection of its own; none if the host went away.
    pub async fn request(&self, line: &str) -> Option<String> {
        self.send(line, "", "").await
    }

    /// The status and the JSON of an answer; none if the host went away before all of it had come.
    pub async fn ask(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<(u16, Value)> {
        let headers = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = headers.collect();
        let answer = self
            .send(&format!("{line} HTTP/1.1"), &headers, body)
            .await?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let is_whole = body.is_empty() || serde_json::from_str::<Value>(body).is_ok();
        is_whole.then(|| parsed(&answer))
    }

    /// Kills it with no warning, as `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The status and the JSON of an answer to a JSON body.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let line = format!("POST {path} HTTP/1.1");
        let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let headers = format!(
            "content-type: application/json\r\n{}",
            bearer.unwrap_or_default()
        );
        parsed(&self.send(&line, &headers, &body.to_string()).await.unwrap())
    }

    /// The status and the JSON of a document.
    pub async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let headers = format!("authorization: Bearer {token}\r\n");
        let line = format!("GET {path} HTTP/1.1");
        parsed(&self.send(&line, &headers, "").await.unwrap())
    }

    async fn send(&self, line: &str, headers: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        let length = body.len();
        let request = format!(
            "{line}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        (!text.is_empty()).then_some(text)
    }
}

fn parsed(answer: &str) -> (u16, Value) {
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        status.unwrap(),
        serde_json::from_str(body).unwrap_or_default(),
    )
}

/// Plugins were compiled by the tests in this process: the code is the same, and authenticated by the same key.
pub fn borrow_compiled(dir: &Path) {
    let compiled = std::env::temp_dir().join("stoa-test-aot");
    std::fs::create_dir_all(&compiled).unwrap();
    std::os::unix::fs::symlink(compiled, dir.join("compiled")).unwrap();
}

/// An access token of somebody.
pub async fn token(host: &Stoa, id: &str, role: &str) -> String {
    let body = json!({ "userId": id, "email": format!("{id}@example.com"), "role": role });
    let (status, told) = host.post("/auth/token", None, &body).await;
    assert_eq!(status, 200, "{told}");
    told["token"].as_str().unwrap().into()
}
