//! A stand-in for an HTTP service: answers as a test says, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        Some(headers.find(|(header, _)| header == name)?.1.as_str())
    }
}

/// The stand-in. It ends with the test.
pub struct HttpServer {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    serving: JoinHandle<()>,
}

impl HttpServer {
    /// Gives these answers in turn: a status, and headers.
    pub async fn answering(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers: VecDeque<(u16, String)> = answers
            .iter()
            .map(|(status, headers)| (*status, (*headers).to_owned()))
            .collect();
        let kept = Arc::clone(&asked);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (status, headers) = answers.pop_front().unwrap();
                let asked = exchange(stream, status, &headers).await;
                kept.lock().unwrap().push(asked);
            }
        });
        Self {
            url,
            asked,
            serving,
        }
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn exchange(mut stream: TcpStream, status: u16, headers: &str) -> Asked {
    let mut reader = BufReader::new(&mut stream);
    let line = line(&mut reader).await;
    let mut asked = Asked {
        line,
        headers: Vec::new(),
        body: Value::Null,
    };
    loop {
        let header = self::line(&mut reader).await;
        let Some((name, value)) = header.split_once(": ") else {
            break;
        };
        asked.headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length: usize = asked.header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    asked.body = serde_json::from_slice(&body).unwrap();
    // As the service does, it says what is wrong with a message, and may quote it.
    let said = r#"{"errors":[{"message":"012345 is a bad value","field":"content"}]}"#;
    let (said, length) = if status == 202 {
        ("", 0)
    } else {
        (said, said.len())
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{said}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    asked
}

async fn line(reader: &mut BufReader<&mut TcpStream>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).await.unwrap();
    line.trim_end().to_owned()
}
