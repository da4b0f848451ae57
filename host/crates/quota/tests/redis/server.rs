//! A Redis server of a test's own: its port is free, its folder is gone afterwards, and nothing is kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A busy machine needs less to start one.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often somebody else may take the port between our finding it and Redis' binding it.
const TRIES: u32 = 5;

pub struct Server {
    port: u16,
    dir: TempDir,
    child: Child,
}

impl Server {
    pub fn start() -> Self {
        for _ in 0..TRIES {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let dir = tempfile::tempdir().unwrap();
            let child = spawn(port, &dir);
            let mut server = Self { port, dir, child };
            if server.answers() {
                return server;
            }
        }
        panic!("redis-server does not start");
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
        self.child = spawn(self.port, &self.dir);
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

fn spawn(port: u16, dir: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(dir.path());
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
