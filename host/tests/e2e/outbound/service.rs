//! A stand-in for a service elsewhere: keeps what it was asked, and answers by path in every way that one may.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long a slow answer takes for each of its bytes.
const DRIP: Duration = Duration::from_millis(20);

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Asked {
    /// A header's value by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        Some(headers.find(|(header, _)| header == name)?.1.as_str())
    }
}

/// What all connections share.
struct Shared {
    asked: Mutex<Vec<Asked>>,
    count: watch::Sender<usize>,
    gate: Semaphore,
}

/// The stand-in. It ends with the test.
pub struct Service {
    pub port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Service {
    /// On a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            asked: Mutex::default(),
            count: watch::Sender::new(0),
            gate: Semaphore::new(0),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self {
            port,
            shared,
            serving,
        }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked so often.
    pub async fn was_asked(&self, times: usize) {
        let mut count = self.shared.count.subscribe();
        count.wait_for(|count| *count >= times).await.unwrap();
    }

    /// Lets one request to `/gate` have its answer.
    pub fn open_gate(&self) {
        self.shared.gate.add_permits(1);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.spawn(exchange(stream, Arc::clone(&shared)));
    }
}

/// One request and its answer, as far as the client stays for it.
async fn exchange(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let asked = read(&mut stream).await?;
    let path = asked.line.split(' ').nth(1).unwrap_or_default().to_owned();
    let number = {
        let mut all = shared.asked.lock().unwrap();
        all.push(asked);
        all.len()
    };
    shared.count.send_replace(number);
    let last = path.rsplit('/').next().unwrap_or_default();
    let answer = match last.split('?').next().unwrap_or_default() {
        "gate" => {
            shared.gate.acquire().await.unwrap().forget();
            plain(200, "", &number.to_string())
        }
        "redirect" => plain(302, "Location: /elsewhere\r\n", ""),
        "refuse" => plain(402, "X-Reason: card\r\n", "no"),
        "hang" => std::future::pending().await,
        "drip" => {
            stream
                .write_all(b"HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(DRIP).await;
            }
        }
        "broken" => "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nten bytes.".into(),
        "large" => plain(200, "", &"x".repeat((1 << 20) + 1)),
        "endless" => {
            stream
                .write_all(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await?;
            loop {
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
                stream.write_all(chunk.as_bytes()).await?;
            }
        }
        _ => plain(200, "", &number.to_string()),
    };
    stream.write_all(answer.as_bytes()).await
}

fn plain(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut asked = Asked {
        line: line(&mut reader).await?,
        headers: Vec::new(),
        body: String::new(),
    };
    loop {
        let header = line(&mut reader).await?;
        let Some((name, value)) = header.split_once(": ") else {
            break;
        };
        asked.headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = asked.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).await?;
    asked.body = String::from_utf8(body).unwrap();
    Ok(asked)
}

async fn line(reader: &mut BufReader<&mut TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
