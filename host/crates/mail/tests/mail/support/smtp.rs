//! `smtp_server.py` as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// Where a Python with `aiosmtpd` is.
const PYTHON_VARIABLE: &str = "STOA_TEST_PYTHON";

/// More than it takes to start, or to deliver a message.
const WAITS: Duration = Duration::from_secs(30);

/// A message as the server got it and as Python's parser reads it.
#[derive(Debug, Deserialize)]
pub struct Received {
    pub sender: String,
    pub recipients: Vec<String>,
    pub signed_in: bool,
    pub protected: bool,
    pub headers: Vec<(String, String)>,
    pub kind: String,
    pub parts: Vec<(String, String)>,
    pub defects: Vec<String>,
}

impl Received {
    /// A header's only value.
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        let (_, value) = values.next().unwrap();
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }
}

/// A running server. It ends with the test.
pub struct SmtpServer {
    pub port: u16,
    child: Child,
    lines: UnboundedReceiver<String>,
}

impl SmtpServer {
    /// A server on any port that takes mail from everybody.
    pub async fn start() -> Self {
        Self::start_with(&["0"]).await
    }

    /// A server on any port that wants `user:password`.
    pub async fn start_with_sign_in(wanted: &str) -> Self {
        Self::start_with(&["0", wanted]).await
    }

    /// A server on any port with `starttls` or `implicit` TLS, which takes nothing without it.
    pub async fn start_protected(how: &str, certificate: &str, key: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("server.pem");
        std::fs::write(&file, format!("{certificate}{key}")).unwrap();
        // The server has read it when it tells its port.
        Self::start_with(&["0", "", how, file.to_str().unwrap()]).await
    }

    /// A server where another one was.
    pub async fn start_on(port: u16) -> Self {
        Self::start_with(&[&port.to_string()]).await
    }

    async fn start_with(arguments: &[&str]) -> Self {
        let Some(python) = std::env::var_os(PYTHON_VARIABLE) else {
            panic!(
                "{PYTHON_VARIABLE} names no Python with aiosmtpd; `cargo xtask test` makes one and sets it"
            )
        };
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/support/smtp_server.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self {
            port: 0,
            child,
            lines,
        };
        let told: Value = serde_json::from_str(&server.line().await).unwrap();
        server.port = told["port"].as_u64().unwrap().try_into().unwrap();
        server
    }

    /// The next message.
    pub async fn received(&mut self) -> Received {
        serde_json::from_str(&self.line().await).unwrap()
    }

    /// Waits until the server hesitates over a recipient.
    pub async fn hesitating(&mut self) {
        let told: Value = serde_json::from_str(&self.line().await).unwrap();
        assert!(told["hesitating"].is_string(), "{told}");
    }

    /// Ends the server; what it received and nobody asked for.
    pub async fn stop(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let mut rest = Vec::new();
        while let Some(line) = timeout(WAITS, self.lines.recv()).await.unwrap() {
            rest.push(line);
        }
        rest
    }

    async fn line(&mut self) -> String {
        timeout(WAITS, self.lines.recv()).await.unwrap().unwrap()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
