//! `stoa user`, `stoa tenant`, `stoa key` and the first operator, with the real binary on a disk.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::process::Stoa;

const PASSWORD: &str = "correct horse battery";

/// Runs a command on the folder with this standard input.
fn stoa(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stoa"))
        .args(arguments)
        .env("STOA_DATA__DIR", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn login(host: &Stoa, email: &str) -> (u16, Value) {
    let body = json!({ "email": email, "password": PASSWORD });
    host.post("/api/auth/login", None, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_tenants_are_made_by_command_and_sign_in() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let create = [
        "user",
        "create",
        "--email",
        "ada@example.com",
        "--operator",
        "--role",
        "admin",
    ];
    let id = said(&stoa(dir, &create, &format!("{PASSWORD}\n")));
    let again = stoa(dir, &create, &format!("{PASSWORD}\n"));
    assert!(String::from_utf8_lossy(&again.stderr).contains("email-taken"));
    let without = stoa(dir, &["user", "create", "--email", "bob@example.com"], "");
    assert!(String::from_utf8_lossy(&without.stderr).contains("password"));
    let weak = stoa(
        dir,
        &["user", "create", "--email", "bob@example.com"],
        "password\n",
    );
    assert!(!weak.status.success(), "a common password");

    let tenant = [
        "tenant",
        "create",
        "--name",
        "Acme & Sons",
        "--admin",
        "ada@example.com",
    ];
    let tenant = said(&stoa(dir, &tenant, ""));
    assert!(said(&stoa(dir, &["tenant", "list"], "")).contains(&tenant));
    let plan = ["tenant", "plan", &tenant, "team"];
    said(&stoa(dir, &plan, ""));
    assert!(said(&stoa(dir, &["tenant", "list"], "")).contains("team"));
    assert!(
        !stoa(dir, &["tenant", "plan", &tenant, "galactic"], "")
            .status
            .success()
    );
    let nobody = stoa(dir, &["tenant", "plan", "nowhere", "team"], "");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nowhere"));
    said(&stoa(
        dir,
        &["user", "create", "--email", "bob@example.com"],
        PASSWORD,
    ));
    let role = [
        "user",
        "role",
        "--email",
        "bob@example.com",
        "--tenant",
        &tenant,
        "--role",
        "vendor",
    ];
    said(&stoa(dir, &role, ""));
    let unknown = [
        "user",
        "role",
        "--email",
        "nobody@example.com",
        "--role",
        "vendor",
    ];
    assert!(!stoa(dir, &unknown, "").status.success());
    let last = [
        "user",
        "role",
        "--email",
        "ada@example.com",
        "--tenant",
        &tenant,
        "--role",
        "viewer",
    ];
    assert!(String::from_utf8_lossy(&stoa(dir, &last, "").stderr).contains("last-admin"));
    let people = said(&stoa(dir, &["user", "list"], ""));
    assert!(
        people.contains(&format!("{id} ada@example.com operator")),
        "{people}"
    );
    assert!(!people.contains("argon2"));

    let host = Stoa::start(dir).await;
    for (email, role) in [("ada@example.com", "admin"), ("bob@example.com", "vendor")] {
        let (status, signed_in) = login(&host, email).await;
        assert_eq!(
            (status, &signed_in["user"]["role"]),
            (200, &json!(role)),
            "{signed_in}"
        );
    }
    let taken = stoa(dir, &["user", "list"], "");
    assert!(
        !taken.status.success(),
        "a running host has the store for itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_comes_from_the_configuration_once() {
    let dir = tempfile::tempdir().unwrap();
    let operator = [
        ("STOA_BOOTSTRAP__EMAIL", "root@example.com"),
        ("STOA_BOOTSTRAP__PASSWORD", PASSWORD),
    ];
    let host = Stoa::start_with(dir.path(), &operator).await;
    let (status, signed_in) = login(&host, "root@example.com").await;
    assert_eq!(
        (status, &signed_in["user"]["role"]),
        (200, &json!("admin")),
        "{signed_in}"
    );
    drop(host);
    let other = [
        ("STOA_BOOTSTRAP__EMAIL", "other@example.com"),
        ("STOA_BOOTSTRAP__PASSWORD", PASSWORD),
    ];
    let host = Stoa::start_with(dir.path(), &other).await;
    assert_eq!(login(&host, "other@example.com").await.0, 401);
    assert_eq!(login(&host, "root@example.com").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_signs_and_what_the_old_one_signed_stays_good() {
    let dir = tempfile::tempdir().unwrap();
    let operator = [
        ("STOA_BOOTSTRAP__EMAIL", "root@example.com"),
        ("STOA_BOOTSTRAP__PASSWORD", PASSWORD),
    ];
    let host = Stoa::start_with(dir.path(), &operator).await;
    let (_, before) = login(&host, "root@example.com").await;
    let before = before["accessToken"].as_str().unwrap().to_owned();
    drop(host);
    let new = said(&stoa(dir.path(), &["key", "rotate"], ""));
    let host = Stoa::start(dir.path()).await;
    assert_eq!(host.get("/api/auth/me", &before).await.0, 200);
    let (_, after) = login(&host, "root@example.com").await;
    let after = after["accessToken"].as_str().unwrap();
    assert_eq!(host.get("/api/auth/me", after).await.0, 200);
    let (_, keys) = host.get("/.well-known/jwks.json", after).await;
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().any(|key| key["kid"] == json!(new)));
}
