//! A Redis server of a test's own: its port is free, its folder is gone afterwards, and nothing is kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A busy machine needs less to start one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where its certificate and the key of it are, in its folder.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// How often somebody else may take the port between our finding it and Redis' binding it.
const TRIES: u32 = 5;

pub struct Server {
    port: u16,
    /// Where it speaks TLS, if it has a certificate.
    tls_port: Option<u16>,
    dir: TempDir,
    child: Child,
}

/// A port that was free just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    pub fn start() -> Self {
        Self::start_in(|_| None)
    }

    /// One that speaks TLS, too, with this certificate and its key in PEM.
    pub fn start_with_certificate(certificate: &str, key: &str) -> Self {
        Self::start_in(|dir| {
            std::fs::write(dir.path().join(CERTIFICATE), certificate).unwrap();
            std::fs::write(dir.path().join(KEY), key).unwrap();
            Some(free_port())
        })
    }

    fn start_in(prepare: impl Fn(&TempDir) -> Option<u16>) -> Self {
        for _ in 0..TRIES {
            let (port, dir) = (free_port(), tempfile::tempdir().unwrap());
            let tls_port = prepare(&dir);
            let child = spawn(port, tls_port, &dir);
            let mut server = Self {
                port,
                tls_port,
                dir,
                child,
            };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// Where it speaks TLS.
    pub fn tls_url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.tls_port.unwrap())
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was; it has forgotten everything.
    pub fn revive(&mut self) {
        self.child = spawn(self.port, self.tls_port, &self.dir);
        assert!(self.answers(), "redis-server does not start again");
    }

    /// Keeps its connections open and answers nothing more.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Ends [`Server::freeze`].
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// What it answers to a command, if that is one line.
    pub fn command(&self, words: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        writeln!(stream, "{}\r", words.join(" ")).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(!line.starts_with('-'), "{words:?}: {line}");
        line.trim_end().trim_start_matches(['+', ':']).to_owned()
    }

    /// Waits until it does, or has ended.
    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let mut pong = [0; 5];
                let asked = stream.write_all(b"PING\r\n");
                if asked.and_then(|()| stream.read_exact(&mut pong)).is_ok() && pong == *b"+PONG" {
                    return true;
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, tls_port: Option<u16>, dir: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(dir.path());
    if let Some(tls_port) = tls_port {
        let certificate = dir.path().join(CERTIFICATE);
        command
            .args(["--tls-port", &tls_port.to_string()])
            .args(["--tls-auth-clients", "no"])
            .arg("--tls-cert-file")
            .arg(&certificate)
            // It wants to know whom it would trust, although it asks nobody for a certificate.
            .arg("--tls-ca-cert-file")
            .arg(&certificate)
            .arg("--tls-key-file")
            .arg(dir.path().join(KEY));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!(
            "redis-server can't be run ({error}): install Debian's package redis-server, \
             as `cargo xtask test` does"
        ),
    }
}
