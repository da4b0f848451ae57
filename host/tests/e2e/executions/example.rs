//! The example of a worker as a process against the real binary: it does what it is told, and dies as processes do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use stoa_testkit::plugin_file;

use super::{RUNS, text};
use crate::events::until;
use crate::process::Stoa;

/// A worker that does not outlive its test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Worker {
    fn start(host: &Stoa, key: &str, dir: &Path) -> Self {
        let process = Command::new(program())
            .env("STOA_URL", host.url(""))
            .env("STOA_KEY", key)
            .current_dir(dir)
            .stdin(Stdio::null())
            .spawn();
        Self(process.unwrap())
    }
}

/// Where cargo puts the example beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().unwrap().parent().unwrap();
    let program = built.join("examples/worker");
    assert!(
        program.exists(),
        "{} is not there: run the tests with `cargo xtask test`",
        program.display()
    );
    program
}

/// The host on this folder, an administrator's token and a worker's key.
async fn open(dir: &Path) -> (Stoa, String, String) {
    std::fs::create_dir(dir.join("plugins")).unwrap();
    std::fs::copy(
        plugin_file("executions"),
        dir.join("plugins/executions.wasm"),
    )
    .unwrap();
    let environment = [("STOA_PLUGINS__SETTINGS__EXECUTIONS__LEASE_SECONDS", "5")];
    let host = Stoa::start_with(dir, &environment).await;
    let body = json!({
        "email": "ada@example.com", "password": "correct horse battery", "name": "Ada",
        "organizationName": "Ada Ltd",
    });
    let (status, signed) = host.post("/api/auth/signup", None, &body).await;
    assert_eq!(status, 201, "{signed}");
    let token = text(&signed["accessToken"]);
    let key = json!({"name": "ci", "role": "worker", "scopes": ["executions:write"]});
    let (status, key) = host.post("/api/auth/keys", Some(&token), &key).await;
    assert_eq!(status, 201, "{key}");
    let key = text(&key["key"]);
    (host, token, key)
}

async fn queue(host: &Stoa, token: &str, run: &Value) -> String {
    let (status, made) = host.post(RUNS, Some(token), run).await;
    assert_eq!(status, 201, "{made}");
    format!("{RUNS}/{}", text(&made["id"]))
}

/// The run, once it is so.
async fn until_is(host: &Stoa, token: &str, path: &str, status: &str) -> Value {
    until(&format!("{path} is {status}"), async || {
        let (_, run) = host.get(path, token).await;
        (run["status"] == status).then_some(run)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs_tells_and_stops_when_it_is_told_to() {
    let dir = tempfile::tempdir().unwrap();
    let (host, token, key) = open(dir.path()).await;
    let report = "<testsuite><testcase name=\"adds\"/></testsuite>";
    let command = format!("echo one; echo two >&2; echo '{report}' > report.xml");
    let good = json!({"name": "good", "command": command, "config": {"junit": "report.xml"}});
    let good = queue(&host, &token, &good).await;
    let bad = queue(&host, &token, &json!({"name": "bad", "command": "exit 3"})).await;
    let imagined = json!({"name": "imagined", "tests": ["a", "b"]});
    let imagined = queue(&host, &token, &imagined).await;
    let _worker = Worker::start(&host, &key, dir.path());

    let run = until_is(&host, &token, &good, "passed").await;
    assert_eq!(run["results"]["items"][0]["name"], "adds");
    let (_, log) = host.get(&format!("{good}/logs"), &token).await;
    let mut lines: Vec<(String, String)> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(&line["stream"]), text(&line["text"])))
        .collect();
    lines.sort();
    let line = |stream: &str, text: &str| (stream.to_owned(), text.to_owned());
    assert_eq!(lines, [line("stderr", "two"), line("stdout", "one")]);
    until_is(&host, &token, &bad, "failed").await;
    assert_eq!(
        until_is(&host, &token, &imagined, "passed").await["counts"]["passed"],
        2
    );

    let endless = queue(
        &host,
        &token,
        &json!({"name": "endless", "command": "exec sleep 60"}),
    )
    .await;
    until_is(&host, &token, &endless, "running").await;
    let (status, _) = host
        .post(&format!("{endless}/cancel"), Some(&token), &json!({}))
        .await;
    assert_eq!(status, 200);
    until_is(&host, &token, &endless, "cancelled").await;
    // And it goes on with the next.
    let next = queue(&host, &token, &json!({"name": "next", "command": "true"})).await;
    until_is(&host, &token, &next, "passed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_example_had_is_done_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let (host, token, key) = open(dir.path()).await;
    // The first one waits for ever; who comes later finds that it has been there.
    let command = "mkdir been || exit 0; exec sleep 60";
    let run = queue(&host, &token, &json!({"name": "one", "command": command})).await;
    let first = Worker::start(&host, &key, dir.path());
    let been = dir.path().join("been");
    until("the first is at work", async || been.exists().then_some(())).await;
    drop(first);
    let _second = Worker::start(&host, &key, dir.path());
    let run = until_is(&host, &token, &run, "passed").await;
    assert_eq!(
        (&run["attempt"], &run["attempts"][0]["status"]),
        (&json!(2), &json!("errored"))
    );
}
