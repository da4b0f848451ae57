//! The few requests that developers' commands make themselves.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// How long an answer may take: longer than a host lets its plugins work on one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Status and body of an answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// When it is another one, or no JSON.
    pub fn json(self) -> Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("status {}: {}", self.status, self.body);
        }
        serde_json::from_str(&self.body).context("the answer is no JSON")
    }
}

/// Gets a path.
///
/// # Errors
/// As [`send`].
pub fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    send(address, "GET", path, None, None)
}

/// Posts JSON, with a bearer token if there is one.
///
/// # Errors
/// As [`send`].
pub fn post(address: SocketAddr, path: &str, token: Option<&str>, body: &Value) -> Result<Answer> {
    let json = ("application/json", body.to_string());
    send(address, "POST", path, token, Some(json))
}

/// Whether a path is answered with 200.
#[must_use]
pub fn is_ok(address: SocketAddr, path: &str) -> bool {
    get(address, path).is_ok_and(|answer| answer.status == 200)
}

/// A request of any kind; a body comes with its type. HTTP/1.0, because then no server answers in chunks or keeps the connection.
///
/// # Errors
/// When there is no whole answer.
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<(&str, String)>,
) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let authorization = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let content = body.as_ref().map_or(String::new(), |(kind, body)| {
        let length = body.len();
        format!("content-type: {kind}\r\ncontent-length: {length}\r\n")
    });
    let body = body.map_or(String::new(), |(_, body)| body);
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{authorization}{content}\r\n{body}"
    )?;
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .with_context(|| format!("{method} {path}"))?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .context("the answer has no end of headers")?;
    let status = head
        .split(' ')
        .nth(1)
        .context("the answer has no status")?
        .parse()?;
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}
