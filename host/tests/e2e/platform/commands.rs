//! `stoa plugin …`, with the real binary against a real host.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::Stoa;

use super::crash::{operator, plugin};
use super::{version, wider};

/// A command that needs no host; what it prints.
fn alone(arguments: &[&str]) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .arg("plugin")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_signed_published_and_switched_by_command() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |name: &str| files.path().join(name).display().to_string();
    let (first, second, key) = (at("1.wasm"), at("2.wasm"), at("key.der"));
    std::fs::write(&first, version("0.1.0")).unwrap();
    std::fs::write(&second, wider()).unwrap();
    let host = Stoa::start_with(dir.path(), &[("STOA_DEV__TOKENS", "true")]).await;
    let token = operator(&host).await;
    let run = |arguments: &[&str]| plugin(&host, &token, arguments);
    let ok = |arguments: &[&str]| {
        let (done, said) = run(arguments);
        assert!(done, "{arguments:?}: {said}");
        serde_json::from_str::<Value>(&said).unwrap_or_default()
    };

    let (done, said) = run(&["publish", &first]);
    assert!(!done && said.contains("untrusted"), "{said}");
    let public = alone(&["key", &key]);
    let new = json!({ "key": public, "owner": "vera", "plugins": ["probe"] });
    let (status, _) = host.post("/api/platform/keys", Some(&token), &new).await;
    assert_eq!(status, 201);
    for file in [&first, &second] {
        let said = alone(&["sign", file, "--key", &key]);
        assert!(said.starts_with("probe 0."), "{said}");
        assert_eq!(ok(&["publish", file])["signedBy"], json!([public]));
    }

    let install = |version| ["install", "probe", "--version", version];
    assert_eq!(ok(&install("0.1.0"))["outcome"], "waiting");
    assert_eq!(ok(&["approve", "probe"])["outcome"], "active");
    assert_eq!(ok(&install("0.2.0"))["outcome"], "waiting");
    let diff = ok(&["diff", "probe", "--from", "0.1.0", "--to", "0.2.0"]);
    assert_eq!(
        diff["permissions"]["added"],
        json!(["raises:probe.widened"])
    );
    assert_eq!(
        ok(&["approve", "probe", "--reason", "fine"])["version"],
        "0.2.0"
    );
    assert_eq!(ok(&["rollback", "probe"])["version"], "0.1.0");
    assert_eq!(ok(&["disable", "probe"])["digest"], Value::Null);
    assert_eq!(ok(&["enable", "probe"])["version"], "0.1.0");
    let shown = ok(&["inspect", "probe"]);
    assert_eq!(shown["places"][0]["serving"]["version"], "0.1.0");
    assert_eq!(ok(&["inspect"])["items"][0]["serving"], "0.1.0");
    ok(&["logs", "probe"]);

    let (done, said) = run(&["rollback", "probe", "--expected", "1"]);
    assert!(!done && said.contains("409 changed-meanwhile"), "{said}");
    let (done, said) = plugin(&host, "nobody", &["inspect"]);
    assert!(!done && said.contains("401"), "{said}");
    assert!(
        !said.contains("nobody"),
        "a token is nobody's to read: {said}"
    );
}

/// `stoa plugin …` with something on its standard input.
fn told(host: &Stoa, token: &str, arguments: &[&str], input: &str) -> (bool, String) {
    let mut running = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .arg("plugin")
        .args(arguments)
        .env("STOA_HOST", host.url(""))
        .env("STOA_TOKEN", token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let done = running.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_set_and_kept_for_a_plugin_is_set_by_command() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = [
        ("STOA_DEV__TOKENS", "true"),
        ("STOA_PLUGINS__TRUST__UNSIGNED", "true"),
    ];
    let host = Stoa::start_with(dir.path(), &open).await;
    let token = operator(&host).await;
    let ok = |arguments: &[&str], input: &str| {
        let (done, said) = told(&host, &token, arguments, input);
        assert!(done, "{arguments:?}: {said}");
        serde_json::from_str::<Value>(&said).unwrap_or_default()
    };
    let file = files.path().join("probe.wasm");
    std::fs::write(&file, version("0.1.0")).unwrap();
    ok(&["publish", &file.display().to_string()], "");
    ok(
        &["install", "probe", "--version", "0.1.0", "--grant-all"],
        "",
    );

    let limit = |told: &Value| told["settings"]["limit"]["value"].clone();
    assert_eq!(limit(&ok(&["settings", "probe"], "")), 10);
    let set = ["settings", "probe", "set", "limit=20", "greeting=ahoy"];
    assert_eq!(limit(&ok(&set, "")), 20);
    let set = ["settings", "probe", "set", "limit=30", "--reason", "more"];
    let told_of = ok(&set, "");
    assert_eq!(told_of["settings"]["greeting"]["value"], "ahoy", "it stays");
    let set = ["settings", "probe", "set", "limit=3", "--tenant", "acme"];
    assert_eq!(ok(&set, "")["scope"], "tenant:acme");
    assert_eq!(limit(&ok(&["settings", "probe", "get"], "")), 30);
    let rows = ok(&["settings", "probe", "history"], "");
    assert_eq!(rows["items"][0]["reason"], "more");
    let number = rows["items"][1]["version"].to_string();
    let back = ok(&["settings", "probe", "restore", &number], "");
    assert_eq!(limit(&back), 20);
    let (done, said) = told(&host, &token, &["settings", "probe", "set", "limit=0"], "");
    assert!(!done && said.contains("422 setting-refused"), "{said}");
    let unset = ["settings", "probe", "set", "--unset", "limit"];
    assert_eq!(limit(&ok(&unset, "")), 10);

    ok(&["secret", "set", "probe", "hook"], "hunter2\n");
    let listed = ok(&["secret", "list", "probe"], "");
    let hook = &listed["secrets"]["hook"];
    assert_eq!(
        (&hook["source"], &hook["set"]["by"]),
        (&json!("deployment"), &json!("olga"))
    );
    // The line's end is no part of it.
    let signed = json!({ "message": "m", "signature": "" });
    let (_, with) = host.post("/probe/signatures/hook", None, &signed).await;
    let key = files.path().join("key");
    std::fs::write(&key, "hunter2").unwrap();
    let key = key.display().to_string();
    ok(&["secret", "set", "probe", "hook", "--file", &key], "");
    let (_, again) = host.post("/probe/signatures/hook", None, &signed).await;
    assert_eq!(with["mac"], again["mac"]);
    ok(&["secret", "remove", "probe", "hook"], "");
    let (done, said) = told(&host, &token, &["secret", "remove", "probe", "hook"], "");
    assert!(!done && said.contains("404"), "{said}");
    let (done, said) = told(&host, &token, &["secret", "set", "probe", "hook"], "\n");
    assert!(!done && said.contains("422 secret-refused"), "{said}");

    // It opens what it has sealed at its next start, too.
    ok(&["secret", "set", "probe", "hook"], "hunter2");
    host.kill();
    let host = Stoa::start_with(dir.path(), &open).await;
    let (_, after) = host.post("/probe/signatures/hook", None, &signed).await;
    assert_eq!(with["mac"], after["mac"]);
}
