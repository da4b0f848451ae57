//! A client of server-sent events that sees the bytes.

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PATIENCE, Served};

/// A stream of events that a client reads.
pub struct Events {
    stream: TcpStream,
    text: String,
}

/// What it tells.
#[derive(Debug, Default, PartialEq)]
pub struct Event {
    pub kind: String,
    pub id: Option<String>,
    pub data: Value,
}

impl Events {
    pub async fn open(served: &Served, token: &str, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let last = last.map_or_else(String::new, |id| format!("last-event-id: {id}\r\n"));
        let head = format!(
            "GET /api/live/events?{query} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n{last}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut events = Self {
            stream,
            text: String::new(),
        };
        let head = events.until("\r\n\r\n").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(
            head.contains("content-type: text/event-stream\r\n"),
            "{head}"
        );
        events
    }

    async fn until(&mut self, mark: &str) -> Option<String> {
        loop {
            if let Some((before, after)) = self.text.split_once(mark) {
                let before = before.to_owned();
                self.text = after.to_owned();
                return Some(before);
            }
            let mut chunk = [0; 4096];
            let read = timeout(PATIENCE, self.stream.read(&mut chunk)).await;
            match read.expect("an event").unwrap() {
                0 => return None,
                count => self
                    .text
                    .push_str(std::str::from_utf8(&chunk[..count]).unwrap()),
            }
        }
    }

    /// The next event that tells anything; none at the end.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.until("\n\n").await?;
            let mut event = Event {
                kind: "message".into(),
                ..Event::default()
            };
            for line in block.lines() {
                match line.split_once(": ") {
                    Some(("event", kind)) => event.kind = kind.into(),
                    Some(("id", id)) => event.id = Some(id.into()),
                    Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                    _ => {}
                }
            }
            if event.data != Value::Null {
                return Some(event);
            }
        }
    }
}
