//! `stoa plugin …`, with the real binary against a real host.

use std::process::Command;

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
