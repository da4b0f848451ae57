//! The host dies in the middle of a switch.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::Stoa;

use super::version;

/// Anybody may be an operator, and nobody has to sign.
pub const OPEN: [(&str, &str); 2] = [
    ("STOA_DEV__TOKENS", "true"),
    ("STOA_PLUGINS__TRUST__UNSIGNED", "true"),
];

/// An operator's token.
pub async fn operator(host: &Stoa) -> String {
    let body = json!({ "userId": "olga", "email": "olga@example.com", "operator": true });
    let (status, issued) = host.post("/auth/token", None, &body).await;
    assert_eq!(status, 200, "{issued}");
    issued["token"].as_str().unwrap().to_owned()
}

/// `stoa plugin …` against a host: whether it succeeded, and what it said.
pub fn plugin(host: &Stoa, token: &str, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .arg("plugin")
        .args(arguments)
        .env("STOA_HOST", host.url(""))
        .env("STOA_TOKEN", token)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Which version answers.
async fn greeting(host: &Stoa) -> Value {
    let (status, said) = host.ask("GET /probe/settings", &[], "").await.unwrap();
    assert_eq!(status, 200, "{said}");
    said["greeting"].clone()
}

fn file(dir: &Path, number: &str) -> String {
    let file = dir.join(format!("{number}.wasm"));
    std::fs::write(&file, version(number)).unwrap();
    file.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_dies_in_the_middle_of_a_switch_serves_one_of_the_two() {
    let (dir, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (file(files.path(), "0.1.0"), file(files.path(), "0.2.0"));
    let mut dying = OPEN.to_vec();
    // The first version passes, the second is on its way.
    dying.push(("STOA_DEV__CRASH_AT", "before-swap:probe:2"));
    let host = Stoa::start_with(dir.path(), &dying).await;
    let token = operator(&host).await;
    for file in [&first, &second] {
        let (done, said) = plugin(&host, &token, &["publish", file]);
        assert!(done, "{said}");
    }
    let install = |version| ["install", "probe", "--version", version, "--grant-all"];
    let (done, said) = plugin(&host, &token, &install("0.1.0"));
    assert!(done, "{said}");
    let (done, said) = plugin(&host, &token, &install("0.2.0"));
    assert!(!done, "{said}");
    let mut host = host;
    assert!(!host.process.wait().unwrap().success(), "it died");

    let host = Stoa::start_with(dir.path(), &OPEN).await;
    // What was decided before it died is what is done.
    assert_eq!(greeting(&host).await, "0.2.0");
    let token = operator(&host).await;
    let (done, said) = plugin(&host, &token, &["rollback", "probe"]);
    assert!(done, "{said}");
    assert_eq!(greeting(&host).await, "0.1.0");
    host.kill();
    let host = Stoa::start_with(dir.path(), &OPEN).await;
    assert_eq!(greeting(&host).await, "0.1.0");
}
