//! A WebSocket of a client that knows the frames.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::PATIENCE;

pub struct Socket(pub WebSocketStream<TcpStream>);

/// The request for a WebSocket with these headers.
pub fn request(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

/// The WebSocket, or the status and body of the refusal.
pub async fn try_open(
    address: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, (u16, Value)> {
    let stream = TcpStream::connect(address).await.unwrap();
    match client_async(request(address, path, headers), stream).await {
        Ok((socket, _)) => Ok(Socket(socket)),
        Err(tungstenite::Error::Http(answer)) => {
            let body = answer.body().as_deref().unwrap_or_default();
            let body = serde_json::from_slice(body).unwrap_or_default();
            Err((answer.status().as_u16(), body))
        }
        Err(error) => panic!("{error}"),
    }
}

impl Socket {
    pub async fn open(address: SocketAddr, path: &str, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let opened = try_open(address, path, &[("authorization", &bearer)]).await;
        opened.unwrap_or_else(|(status, body)| panic!("{status} {body}"))
    }

    pub async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame, whatever it is about; the code and reason if the connection is closed.
    pub async fn next(&mut self) -> Result<Value, (u16, String)> {
        // Pings come all the time; they are no frames.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(deadline, self.0.next()).await;
            let next = next.expect("a frame");
            match next {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => {
                    return Err((close.code.into(), close.reason.to_string()));
                }
                Some(Ok(Message::Close(None))) | None => return Err((0, String::new())),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err((0, error.to_string())),
            }
        }
    }

    /// The next packet of Engine.IO that is no ping.
    pub async fn packet(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let next = timeout_at(deadline, self.0.next()).await;
            let next = next.expect("a packet");
            let packet = next.unwrap().unwrap().into_text().unwrap().to_string();
            if packet != "2" {
                return packet;
            }
        }
    }

    /// The rest of the next packet that begins so, whatever comes before it.
    pub async fn packet_of(&mut self, kind: &str) -> String {
        loop {
            if let Some(rest) = self.packet().await.strip_prefix(kind) {
                return rest.to_owned();
            }
        }
    }

    /// Sends a text, whatever it is.
    pub async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next frame, which is no end.
    pub async fn frame(&mut self) -> Value {
        self.next().await.expect("a frame")
    }

    /// The answer to this.
    pub async fn ask(&mut self, frame: Value) -> Value {
        self.send(frame).await;
        self.frame().await
    }

    /// Joins a channel.
    pub async fn join(&mut self, channel: &str) -> Value {
        let joined = self.ask(json!({ "op": "join", "channel": channel })).await;
        assert_eq!(joined["op"], "joined", "{joined}");
        joined
    }

    /// The reason and the code with which the connection ends, whatever is told before.
    pub async fn end(&mut self) -> (Value, u16) {
        let mut last = Value::Null;
        loop {
            match self.next().await {
                Ok(frame) => last = frame,
                Err((code, _)) => return (last, code),
            }
        }
    }
}
