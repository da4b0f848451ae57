//! A host that is told to stop.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::events::until;

#[tokio::test]
async fn one_that_is_still_starting_stops_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let process = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .arg("serve")
        .env("STOA_DATA__DIR", &data)
        .env("STOA_HTTP__LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It hears signals by then, and has still to open its store.
    until("it has begun", async || data.exists().then_some(())).await;
    kill_process(Pid::from_child(&process), Signal::TERM).unwrap();
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("stopping"), "{said}");
    assert!(!said.contains("listening"), "{said}");
}
