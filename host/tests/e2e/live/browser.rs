//! A page in a real browser: its own `WebSocket` and `EventSource`, from another site that may call.

use std::process::Command;

use serde_json::{Value, json};
use stoa_testkit::TestHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::process::Process;
use super::{PATIENCE, serve};

/// What the page does, with `HOST`, `TOKEN` and `TICKET` filled in: it joins by WebSocket, says something, hears it by
/// WebSocket and as an event, and tells its own site.
const PAGE: &str = r#"<!doctype html><script>
const told = { frames: [], events: [] };
const tell = () => fetch("/told", { method: "POST", body: JSON.stringify(told) });
const done = () => told.frames.length >= 3 && told.events.length >= 2 && tell();
const events = new EventSource("http://HOST/api/live/events?channel=rooms/room/r1&ticket=TICKET");
events.addEventListener("joined", (event) => {
  told.events.push(JSON.parse(event.data));
  const socket = new WebSocket("ws://HOST/api/live", ["stoa.v1", "bearer.TOKEN"]);
  socket.onopen = () => socket.send(JSON.stringify({ op: "join", channel: "rooms/room/r1" }));
  socket.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    told.frames.push(frame);
    told.protocol = socket.protocol;
    if (frame.op === "joined") {
      socket.send(JSON.stringify({ op: "say", channel: "rooms/room/r1", event: "message.new", data: "from a page" }));
    }
    done();
  };
  socket.onclose = (event) => { told.closed = event.code; tell(); };
});
events.onmessage = (event) => { told.events.push(JSON.parse(event.data)); told.id = event.lastEventId; done(); };
events.onerror = () => { told.failed = true; tell(); };
</script>"#;

/// Answers the browser's requests with the page until it tells what it has heard. Browsers open connections that they
/// may never use, so none waits for another.
async fn told(listener: &TcpListener, page: &str) -> Value {
    let (tells, mut told) = mpsc::channel(1);
    loop {
        tokio::select! {
            told = told.recv() => return told.unwrap(),
            accepted = listener.accept() => {
                let (mut stream, _) = accepted.unwrap();
                let (page, tells) = (page.to_owned(), tells.clone());
                tokio::spawn(async move {
                    if let Some(told) = answer(&mut stream, &page).await {
                        let _ = tells.send(told).await;
                    }
                });
            }
        }
    }
}

async fn answer(stream: &mut TcpStream, page: &str) -> Option<Value> {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream
            .read(&mut chunk)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        request.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        if head.starts_with("POST /told") {
            if let Ok(told) = serde_json::from_str(body) {
                return Some(told);
            }
            continue;
        }
        let length = page.len();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{page}"
        );
        let _ = stream.write_all(answer.as_bytes()).await;
        return None;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_and_speaks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let served = serve(TestHost::builder().cors_origin(&origin)).await;
    let ticket = served
        .host
        .user("uma")
        .post("/api/live/tickets", &json!({}))
        .await
        .json_of(200);
    let page = PAGE
        .replace("HOST", &served.address.to_string())
        .replace("TOKEN", &served.token("uma"))
        .replace("TICKET", ticket["ticket"].as_str().unwrap());
    let profile = tempfile::tempdir().unwrap();
    let _browser = Process::start(
        Command::new("chromium")
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--no-first-run"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(&origin),
    );
    let told = timeout(PATIENCE, told(&listener, &page))
        .await
        .expect("the page");
    assert_eq!(
        (told.get("failed"), told.get("closed")),
        (None, None),
        "{told}"
    );
    assert_eq!(
        (&told["protocol"], &told["id"]),
        (&json!("stoa.v1"), &json!("1"))
    );
    let message = json!({ "by": "uma", "message": "from a page" });
    assert_eq!(told["events"][1]["data"], message);
    let frames = told["frames"].as_array().unwrap();
    assert!(
        frames.iter().any(|frame| frame["data"] == message),
        "{frames:?}"
    );
}
