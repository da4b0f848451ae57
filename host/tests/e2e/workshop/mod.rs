//! An author's afternoon: from an empty folder to an answer of one's own plugin, by the commands of
//! `docs/plugins/first-plugin.md` alone, in each language. All three play the same story.

mod capabilities;
mod dev;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::Stoa;

/// Where the projects are; what their tools fetch and compile is kept there from one run to the next.
const FOLDER_VARIABLE: &str = "STOA_TEST_WORKSHOP";
/// What of a project is no author's work, and may be kept.
const KEPT: &[&str] = &[
    "node_modules",
    "package-lock.json",
    "target",
    "Cargo.lock",
    ".stoa/venv",
    ".stoa/made",
    ".stoa/compiled",
];
/// How long a host may compile the engine of another language.
const TAKEN_UP_WITHIN: Duration = Duration::from_secs(600);

fn stoa(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stoa"))
        .arg("plugin")
        .args(arguments)
        .current_dir(folder)
        // The author's cargo is not the one that runs this test.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

/// What a command that has to succeed says.
#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = stoa(folder, arguments);
    let said = said(&output);
    assert!(output.status.success(), "stoa plugin {arguments:?}\n{said}");
    said
}

/// Where the projects of a language are.
fn workplace(language: &str) -> PathBuf {
    let Some(folder) = std::env::var_os(FOLDER_VARIABLE) else {
        panic!("{FOLDER_VARIABLE} is not set: run the tests with `cargo xtask test`");
    };
    let folder = PathBuf::from(folder).join(language);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A new project, with nothing but what the command makes and what tools kept.
fn project(language: &str, name: &str) -> PathBuf {
    let folder = workplace(language);
    let (project, before) = (folder.join(name), folder.join(format!("{name}-before")));
    // What a run that was interrupted has left.
    if !before.exists() && project.exists() {
        fs::rename(&project, &before).unwrap();
    } else if project.exists() {
        fs::remove_dir_all(&project).unwrap();
    }
    done(&folder, &["new", name, "--lang", language]);
    for kept in KEPT.iter().map(Path::new) {
        if before.join(kept).exists() {
            fs::rename(before.join(kept), project.join(kept)).unwrap();
        }
    }
    if before.exists() {
        fs::remove_dir_all(&before).unwrap();
    }
    project
}

/// The whole way: new, build, check, test, and a running host that takes the file up.
async fn walk(language: &str) -> PathBuf {
    let project = project(language, "notes");
    let built = done(&project, &["build"]);
    assert!(built.contains("dist/notes.wasm"), "{built}");
    let checked = done(&project, &["check"]);
    assert!(
        checked.contains("exports stoa:http/handler@0.1.0"),
        "{checked}"
    );
    assert!(!checked.contains("wasi:"), "{checked}");
    let played = done(&project, &["test"]);
    assert!(
        played.contains("ok") && !played.contains("FAILED"),
        "{played}"
    );
    serve(&project).await;
    project
}

/// A host that runs already gets the file, as `stoa plugin dev` hands it over, and answers with it.
async fn serve(project: &Path) {
    let data = project.join(".stoa/compiled/host");
    let plugins = data.join("plugins");
    fs::create_dir_all(&plugins).unwrap();
    let installed = plugins.join("notes.wasm");
    if installed.exists() {
        fs::remove_file(&installed).unwrap();
    }
    let host = Stoa::start_with(
        &data,
        &[("STOA_STORE__URL", "mem://"), ("STOA_DEV__TOKENS", "true")],
    )
    .await;
    let copy = plugins.join(".notes.wasm.new");
    fs::copy(project.join("dist/notes.wasm"), &copy).unwrap();
    fs::rename(&copy, &installed).unwrap();
    let (status, token) = host
        .post(
            "/auth/token",
            None,
            &json!({"userId": "ada", "email": "ada@example.com"}),
        )
        .await;
    assert_eq!(status, 200, "{token}");
    let token = token["token"].as_str().unwrap();

    let deadline = Instant::now() + TAKEN_UP_WITHIN;
    let note = loop {
        let new = json!({"text": "Buy milk."});
        let (status, note) = host.post("/notes/notes", Some(token), &new).await;
        if status == 201 {
            break note;
        }
        assert_eq!(status, 404, "{note}");
        assert!(Instant::now() < deadline, "the host does not take it up");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let path = format!("/notes/notes/{}", note["id"].as_str().unwrap());
    let (status, shown) = host.get(&path, token).await;
    assert_eq!((status, &shown["text"]), (200, &json!("Buy milk.")));
}

/// Puts another text in a file of the project.
fn edit(project: &Path, file: &str, from: &str, to: &str) {
    let file = project.join(file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{} has no {from:?}", file.display());
    fs::write(&file, text.replace(from, to)).unwrap();
}

/// The plugin learns to handle another's event by asking a service elsewhere; a story tells both.
fn welcome(project: &Path) {
    edit(
        project,
        "plugin.toml",
        "\"events\"]",
        "\"events\", \"http-client\"]",
    );
    for (file, more) in [
        (
            "plugin.toml",
            r#"
[[subscribe]]
event = "people.registered"
handler = "welcome"

[outbound.maps]
url = "https://maps.example/base"

[[route]]
method = "GET"
path = "/notes/break"
handler = "break_down"
callers = ["public"]
"#,
        ),
        (
            "src/lib.rs",
            r#"
#[derive(Deserialize)]
struct Registered {
    user: String,
}

#[derive(Deserialize)]
struct Place {
    name: String,
}

fn break_down() -> Result<NoContent> {
    NOTES.get("some")?;
    panic!("as it was told to");
}

fn welcome(event: Event<Registered>) -> Result<()> {
    let asked = outbound::request("maps", outbound::Method::Get, "/v1/places");
    let place: Place = asked.send()?.json()?;
    let note = Note {
        id: event.key,
        owner: event.payload.user,
        text: format!("Welcome to {}.", place.name),
        at: clock::rfc3339(clock::now_ms()),
    };
    NOTES.put(&note.id, &note)?;
    events::raise("notes.note-added", &note.id, &note)
}
"#,
        ),
        (
            "tests/welcome.toml",
            r#"
[[service]]
name = "maps"
request = "GET /v1/places"
json = { name = "Athens" }

[[step]]
says = "who registers is welcomed"
advance_s = 60
event = { name = "people.registered", source = "people", key = "ada", payload = { user = "ada" } }
sends = [{ name = "maps", request = "GET /v1/places" }]
raises = [{ name = "notes.note-added", key = "ada", payload = { owner = "ada" } }]
[[step.document]]
collection = "notes"
id = "ada"
body = { text = "Welcome to Athens.", at = "2026-01-01T00:01:00.000Z" }

[[step]]
as = { user = "ada" }
request = "GET /notes/notes/ada"
answer = { text = "Welcome to Athens." }

[[step]]
says = "a call that breaks has used something, too"
request = "GET /notes/break"
status = 502
budget = { host_calls_max = 9 }
"#,
        ),
    ] {
        let file = project.join(file);
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(&file, before + more).unwrap();
    }
}

/// What a command that has to fail says.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = stoa(folder, arguments);
    let said = said(&output);
    assert_eq!(
        output.status.code(),
        Some(1),
        "stoa plugin {arguments:?}\n{said}"
    );
    said
}

#[tokio::test]
async fn rust_from_an_empty_folder_to_an_answer() {
    let project = walk("rust").await;
    let first = project.join("first.wasm");
    fs::copy(project.join("dist/notes.wasm"), &first).unwrap();

    welcome(&project);
    let played = done(&project, &["test", "--only", "welcome"]);
    assert_eq!(played.matches("  ok  ").count(), 3, "{played}");
    let limit = ("host_calls_max = 9", "host_calls_max = 0");
    edit(&project, "tests/welcome.toml", limit.0, limit.1);
    let said = refused(&project, &["test", "--only", "welcome"]);
    assert!(
        said.contains("calls of the host; its budget is 0"),
        "{said}"
    );
    edit(&project, "tests/welcome.toml", limit.1, limit.0);

    // A story that expects something else fails, and says what there is instead.
    edit(&project, "tests/notes.toml", "status = 401", "status = 200");
    edit(
        &project,
        "tests/notes.toml",
        "host_calls_max = 10",
        "host_calls_max = 0",
    );
    let said = refused(&project, &["test"]);
    assert!(
        said.contains("the status is 401 Unauthorized and not 200"),
        "{said}"
    );
    assert!(said.contains("its budget is 0"), "{said}");

    // What changes for those who know the version before.
    edit(&project, "plugin.toml", "/notes/notes/{id}", "/notes/{id}");
    edit(
        &project,
        "plugin.toml",
        "callers = [\"user\"]",
        "callers = [\"admin\"]",
    );
    done(&project, &["build"]);
    let changes = done(&project, &["check", "--against", "first.wasm"]);
    for change in [
        "route GET /notes/notes/{id} is gone",
        "route GET /notes/{id} is new",
        "route POST /notes/notes admits fewer callers",
    ] {
        assert!(changes.contains(change), "{change} is not in\n{changes}");
    }
    let withheld = refused(&project, &["check", "--deny", "storage"]);
    assert!(
        withheld.contains("withholds the capability \"storage\""),
        "{withheld}"
    );

    // A handler without a function does not compile, and cargo says so.
    edit(&project, "plugin.toml", "\"show_note\"", "\"show_notes\"");
    let said = refused(&project, &["build"]);
    assert!(said.contains("show_notes"), "{said}");
}

#[tokio::test]
async fn javascript_from_an_empty_folder_to_an_answer() {
    let project = walk("js").await;
    edit(&project, "plugin.toml", "\"show_note\"", "\"show_notes\"");
    let said = refused(&project, &["build"]);
    assert!(said.contains("the code has no handler showNotes"), "{said}");
}

#[tokio::test]
async fn python_from_an_empty_folder_to_an_answer() {
    let project = walk("python").await;
    edit(&project, "plugin.toml", "\"show_note\"", "\"show_notes\"");
    let said = refused(&project, &["build"]);
    assert!(
        said.contains("plugin.toml names the handler show_notes"),
        "{said}"
    );
}

#[test]
fn a_folder_that_is_no_project_is_told_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(folder.path(), &["build"]);
    assert!(said.contains("plugin.toml"), "{said}");
    fs::write(
        folder.path().join("plugin.toml"),
        "name = \"a\"\nversion = \"0.1.0\"\n",
    )
    .unwrap();
    let said = refused(folder.path(), &["build"]);
    assert!(said.contains("stoa plugin pack"), "{said}");
    let said = refused(folder.path(), &["new", "a", "--lang", "rust", "--dir", "."]);
    assert!(said.contains("not empty"), "{said}");
}
