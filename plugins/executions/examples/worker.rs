//! A worker: takes test runs, runs their commands, tells what happens.
//!
//!     STOA_URL=http://127.0.0.1:8080 STOA_KEY=stoa_… cargo run -p executions --example worker
//!
//! `STOA_KEY` is an API key of the role `worker`, made by an administrator at `POST /api/auth/keys`. `STOA_WORKER` is what it
//! calls itself, `STOA_CAPABILITIES` what it can do, separated by commas. It runs what it is told to by `sh -c`: start it
//! where that may be done. It speaks plain HTTP; for TLS, add a feature such as `rustls` to its client.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::{Value, json};

/// How long to wait after finding nothing, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));
/// How long lines are gathered before they are told.
const GATHER: Duration = Duration::from_secs(1);
/// Lines of one report: half of what is taken, as lines may be long.
const LINES_MAX: usize = 500;
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let worker = match Worker::from_environment() {
        Ok(worker) => worker,
        Err(reason) => return ended(&reason),
    };
    let mut pause = PAUSE.0;
    loop {
        match worker.lease() {
            Ok(Some(assignment)) => {
                pause = PAUSE.0;
                if let Err(trouble) = worker.run(&assignment) {
                    eprintln!("{}: {trouble}", assignment.id);
                }
                continue;
            }
            Ok(None) => {}
            Err(Trouble::Refused(status @ (401 | 403), detail)) => {
                return ended(&format!("{status} {detail}"));
            }
            Err(trouble) => eprintln!("no run: {trouble}"),
        }
        thread::sleep(pause);
        pause = (pause * 2).min(PAUSE.1);
    }
}

fn ended(reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::FAILURE
}

/// What of an assignment this worker uses.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    id: String,
    lease: String,
    lease_seconds: u64,
    name: String,
    command: Option<String>,
    config: Value,
    tests: Vec<String>,
}

/// Why a report did not arrive.
#[derive(Debug)]
enum Trouble {
    /// The host has said no.
    Refused(u16, String),
    /// Nobody knows: the same may be said again.
    Unknown(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status, kind) => write!(f, "refused: {status} {kind}"),
            Self::Unknown(reason) => write!(f, "no answer: {reason}"),
        }
    }
}

struct Worker {
    agent: ureq::Agent,
    url: String,
    key: String,
    name: String,
    capabilities: Vec<String>,
    /// Numbers requests, so that each has an idempotency key of its own.
    requests: AtomicU64,
    begun: u128,
}

impl Worker {
    fn from_environment() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).map_err(|error| format!("{name}: {error}"));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST))
            .build();
        let capabilities = variable("STOA_CAPABILITIES").unwrap_or_default();
        let capabilities = capabilities.split(',').filter(|word| !word.is_empty());
        let begun = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(Self {
            agent: config.into(),
            url: variable("STOA_URL")?.trim_end_matches('/').to_owned(),
            key: variable("STOA_KEY")?,
            name: variable("STOA_WORKER").unwrap_or_else(|_| "example".into()),
            capabilities: capabilities.map(Into::into).collect(),
            requests: AtomicU64::new(0),
            begun: begun.map_or(0, |since| since.as_nanos()),
        })
    }

    fn lease(&self) -> Result<Option<Assignment>, Trouble> {
        let offer = json!({ "worker": self.name, "capabilities": self.capabilities });
        let answer = self.post("lease", &offer)?;
        let read = |answer| {
            serde_json::from_value(answer).map_err(|error| Trouble::Unknown(error.to_string()))
        };
        answer.map(read).transpose()
    }

    /// Runs it to its end, unless the host says to stop.
    fn run(&self, assignment: &Assignment) -> Result<(), Trouble> {
        eprintln!("{}: {}", assignment.id, assignment.name);
        let Some(command) = &assignment.command else {
            return self.simulate(assignment);
        };
        let mut child = match start(command) {
            Ok(child) => child,
            Err(error) => {
                let ended = json!({ "status": "errored", "message": error.to_string() });
                return self.complete(assignment, ended);
            }
        };
        let lines = listen(&mut child);
        let told = self.follow(assignment, &lines);
        if !matches!(told, Ok(true)) {
            // The run is over, or another's: nobody waits for what the command does.
            let _ = child.kill();
        }
        let exit = child.wait();
        if !told? {
            return Ok(());
        }
        let mut ended = match exit {
            Ok(exit) if exit.success() => json!({ "status": "passed" }),
            Ok(exit) => json!({ "status": "failed", "message": exit.to_string() }),
            Err(error) => json!({ "status": "errored", "message": error.to_string() }),
        };
        let report = assignment.config.get("junit").and_then(Value::as_str);
        if let Some(report) = report.and_then(|file| std::fs::read_to_string(file).ok())
            && let Some(ended) = ended.as_object_mut()
        {
            ended.insert("junit".into(), report.into());
        }
        self.complete(assignment, ended)
    }

    /// Without a command there is nothing to run: all tests pass.
    fn simulate(&self, assignment: &Assignment) -> Result<(), Trouble> {
        let case = |name: &String| json!({ "name": name, "status": "passed" });
        let results: Vec<Value> = assignment.tests.iter().map(case).collect();
        let ended = json!({ "status": "passed", "results": results });
        self.complete(assignment, ended)
    }

    /// Tells lines as they come, and that the worker is alive while none do. False if the host says to stop.
    fn follow(&self, assignment: &Assignment, lines: &Receiver<Value>) -> Result<bool, Trouble> {
        // Two reports may be lost before the lease is.
        let heartbeat = Duration::from_secs(assignment.lease_seconds) / 3;
        let mut gathered = Vec::new();
        let mut told_at = Instant::now();
        loop {
            let wait = if gathered.is_empty() {
                heartbeat
            } else {
                GATHER
            };
            let next = lines.recv_timeout(wait.saturating_sub(told_at.elapsed()));
            let has_ended = matches!(next, Err(RecvTimeoutError::Disconnected));
            let is_time = next.is_err();
            gathered.extend(next);
            if is_time || gathered.len() >= LINES_MAX || told_at.elapsed() >= heartbeat {
                if !self.progress(assignment, std::mem::take(&mut gathered))? {
                    return Ok(false);
                }
                told_at = Instant::now();
            }
            if has_ended {
                return Ok(true);
            }
        }
    }

    fn progress(&self, assignment: &Assignment, lines: Vec<Value>) -> Result<bool, Trouble> {
        let report = json!({ "lease": assignment.lease, "lines": lines });
        let standing = self.post(&format!("{}/progress", assignment.id), &report)?;
        let stop = standing.and_then(|standing| standing.get("stop")?.as_bool());
        Ok(stop == Some(false))
    }

    fn complete(&self, assignment: &Assignment, mut ended: Value) -> Result<(), Trouble> {
        if let Some(ended) = ended.as_object_mut() {
            ended.insert("lease".into(), assignment.lease.as_str().into());
        }
        let path = format!("{}/complete", assignment.id);
        self.post(&path, &ended).map(drop)
    }

    /// Asks until there is an answer. The idempotency key stays the same: what is said twice counts once.
    fn post(&self, path: &str, body: &Value) -> Result<Option<Value>, Trouble> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let key = format!("{}-{}-{number}", std::process::id(), self.begun);
        let (mut pause, since) = (PAUSE.0, Instant::now());
        loop {
            match self.try_post(path, body, &key) {
                Err(Trouble::Unknown(_)) if since.elapsed() < REQUEST => {}
                answer => return answer,
            }
            thread::sleep(pause);
            pause *= 2;
        }
    }

    fn try_post(&self, path: &str, body: &Value, key: &str) -> Result<Option<Value>, Trouble> {
        let url = format!("{}/api/execution/{path}", self.url);
        let request = self
            .agent
            .post(&url)
            .header("authorization", format!("Bearer {}", self.key))
            .header("idempotency-key", key);
        let unknown = |error: ureq::Error| Trouble::Unknown(error.to_string());
        let mut answer = request.send_json(body).map_err(unknown)?;
        let status = answer.status().as_u16();
        if status == 204 {
            return Ok(None);
        }
        let told: Value = answer.body_mut().read_json().map_err(unknown)?;
        let kind = told.get("type").and_then(Value::as_str).unwrap_or_default();
        match status {
            200..300 => Ok(Some(told)),
            // Too much at once, or the host has trouble: later it may be well.
            429 | 500.. => Err(Trouble::Unknown(kind.into())),
            409 if !kind.ends_with("/lease-lost") => Err(Trouble::Unknown(kind.into())),
            _ => Err(Trouble::Refused(status, kind.into())),
        }
    }
}

fn start(command: &str) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

/// What the command writes, line by line; the channel ends when both of its streams have.
fn listen(child: &mut Child) -> Receiver<Value> {
    let (tell, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        read(stdout, "stdout", tell.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        read(stderr, "stderr", tell);
    }
    lines
}

fn read(from: impl Read + Send + 'static, stream: &'static str, tell: Sender<Value>) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = json!({ "text": String::from_utf8_lossy(&line), "stream": stream });
            if tell.send(line).is_err() {
                break;
            }
        }
    });
}
