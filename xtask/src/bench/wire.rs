//! One connection that is kept, and what is said on it: for loads that wrk can't make.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::load::Measure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request by one person.
pub struct Shot {
    pub path: String,
    pub token: Option<String>,
    /// What is posted; without it, the path is got.
    pub body: Option<Value>,
}

/// A connection.
pub struct Wire {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

impl Wire {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            address,
            reader: BufReader::new(stream),
        })
    }

    /// Status and body of the answer.
    pub fn send(&mut self, shot: &Shot) -> Result<(u16, String)> {
        let request = written(self.address, shot);
        self.reader.get_mut().write_all(request.as_bytes())?;
        answer(&mut self.reader).with_context(|| shot.path.clone())
    }
}

fn written(address: SocketAddr, shot: &Shot) -> String {
    let path = &shot.path;
    let authorization = shot.token.as_ref().map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    match &shot.body {
        None => format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{authorization}\r\n"),
        Some(body) => {
            let body = body.to_string();
            format!(
                "POST {path} HTTP/1.1\r\nhost: {address}\r\n{authorization}content-type: application/json\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            )
        }
    }
}

/// Both servers say how long their answers are.
fn answer(reader: &mut impl BufRead) -> Result<(u16, String)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).context("no status")?.parse()?;
    // 204 has no body, and says nothing of its length (RFC 9110, 8.6).
    let mut length = (status == 204).then_some(0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
    }
    let mut body = vec![0; length.context("an answer of unknown length")?];
    reader.read_exact(&mut body)?;
    Ok((status, String::from_utf8(body)?))
}

/// What one connection has seen.
#[derive(Default)]
pub struct Seen {
    times: Vec<Duration>,
    bytes: usize,
    refused: u64,
}

impl Seen {
    /// One more answer; whether it was good.
    pub fn add(&mut self, took: Duration, status: u16, body: &str) -> bool {
        let is_good = (200..300).contains(&status);
        self.times.push(took);
        self.bytes += body.len();
        self.refused += u64::from(!is_good);
        is_good
    }

    /// What several have seen.
    pub fn and(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        Self {
            times: self.times,
            bytes: self.bytes + other.bytes,
            refused: self.refused + other.refused,
        }
    }

    /// All of it, in so much time.
    pub fn measure(mut self, took: Duration) -> Result<Measure> {
        self.times.sort_unstable();
        Ok(Measure {
            duration_us: us(took),
            requests: u64::try_from(self.times.len())?,
            bytes: u64::try_from(self.bytes)?,
            p50_us: percentile(&self.times, 50),
            p99_us: percentile(&self.times, 99),
            refused: self.refused,
            broken: 0,
            cpu_us: None,
        })
    }
}

/// Of sorted times, in microseconds.
fn percentile(times: &[Duration], percent: usize) -> u64 {
    let at = times.len() * percent / 100;
    times.get(at).or(times.last()).map_or(0, |time| us(*time))
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let mut two = &b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n"[..];
        assert_eq!(answer(&mut two).unwrap(), (201, "{}".to_owned()));
        assert_eq!(answer(&mut two).unwrap(), (409, String::new()));
        assert!(answer(&mut two).is_err());
    }

    #[test]
    fn what_was_seen_adds_up() {
        let mut seen = Seen::default();
        for us in (1..=100).rev() {
            assert!(seen.add(Duration::from_micros(us), 200, "ok"));
        }
        let mut refused = Seen::default();
        assert!(!refused.add(Duration::from_micros(101), 409, ""));
        let measure = seen.and(refused).measure(Duration::from_secs(1)).unwrap();
        assert_eq!(
            (measure.requests, measure.refused, measure.bytes),
            (101, 1, 200)
        );
        assert_eq!((measure.p50_us, measure.p99_us), (51, 100));
        assert_eq!(percentile(&[], 99), 0);
    }
}
