//! `stoa plugin dev`: a save goes live on a host that runs, the host keeps what it has, and the author sees what the
//! plugin logs and uses.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{edit, project};
use crate::process::Stoa;

/// How long a build, and the host's compilation of another language's engine, may take.
const LIVE_WITHIN: Duration = Duration::from_secs(600);
/// How often it is looked at meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The command, and what it has said.
struct Dev {
    process: Child,
    said: Arc<Mutex<String>>,
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Dev {
    fn start(project: &Path, plugins: &Path, host: &Stoa) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_stoa"))
            .args(["plugin", "dev", "--plugins-dir"])
            .arg(plugins)
            .args(["--host", &format!("http://{}", host.address)])
            .current_dir(project)
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, heard) = (process.stderr.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { process, said }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this.
    async fn says(&self, word: &str) {
        let deadline = Instant::now() + LIVE_WITHIN;
        while !self.said().contains(word) {
            assert!(
                Instant::now() < deadline,
                "it never says {word:?}, but\n{}",
                self.said()
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Lets each note be logged, and each be shown with something in front.
struct Edits {
    file: &'static str,
    /// What the code says before and after it learned to log.
    logs: (&'static str, &'static str),
    /// The same for what is put in front.
    marks: (&'static str, &'static str),
}

async fn develops(language: &str, edits: &Edits) {
    let project = project(language, "drafts");
    edit(&project, edits.file, edits.logs.0, edits.logs.1);
    let data = project.join(".stoa/compiled/host");
    let plugins = data.join("plugins");
    fs::create_dir_all(&plugins).unwrap();
    let installed = plugins.join("drafts.wasm");
    if installed.exists() {
        fs::remove_file(installed).unwrap();
    }
    let environment = [("STOA_STORE__URL", "mem://"), ("STOA_DEV__TOKENS", "true")];
    let host = Stoa::start_with(&data, &environment).await;
    let dev = Dev::start(&project, &plugins, &host);
    dev.says("drafts 0.1.0 serves").await;

    let ada = json!({"userId": "ada", "email": "ada@example.com"});
    let (_, token) = host.post("/auth/token", None, &ada).await;
    let token = token["token"].as_str().unwrap();
    let new = json!({"text": "Buy milk."});
    let (status, note) = host.post("/drafts/notes", Some(token), &new).await;
    assert_eq!(status, 201, "{note}");
    dev.says("info  a note is kept").await;
    dev.says("1 call; each took ").await;
    dev.says(" of 2000 calls of the host").await;

    // A save: the host never stops, and what was kept is still there.
    edit(&project, edits.file, edits.marks.0, edits.marks.1);
    let path = format!("/drafts/notes/{}", note["id"].as_str().unwrap());
    let deadline = Instant::now() + LIVE_WITHIN;
    loop {
        let (status, shown) = host.get(&path, token).await;
        assert_eq!(status, 200, "{shown}");
        if shown["text"] == "Draft: Buy milk." {
            break;
        }
        assert_eq!(shown["text"], "Buy milk.");
        assert!(Instant::now() < deadline, "{}", dev.said());
        tokio::time::sleep(LOOK_EVERY).await;
    }

    // What does not build is told, and the version before goes on.
    edit(&project, "plugin.toml", "\"show_note\"", "\"show_notes\"");
    dev.says("not built: ").await;
    let (status, shown) = host.get(&path, token).await;
    assert_eq!((status, &shown["text"]), (200, &json!("Draft: Buy milk.")));
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_go_live_in_rust() {
    let edits = Edits {
        file: "src/lib.rs",
        logs: (
            "    NOTES.create(",
            "    log::info!(\"a note is kept\");\n    NOTES.create(",
        ),
        marks: (
            "    note.map(Json)",
            "    let note = note.map(|note| Note { text: format!(\"Draft: {}\", note.text), ..note });\n    note.map(Json)",
        ),
    };
    develops("rust", &edits).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_go_live_in_javascript() {
    let edits = Edits {
        file: "src/plugin.js",
        logs: (
            "  notes.create(",
            "  console.log('a note is kept');\n  notes.create(",
        ),
        marks: (
            "  return note;\n}\n\nexport",
            "  return { ...note, text: `Draft: ${note.text}` };\n}\n\nexport",
        ),
    };
    develops("js", &edits).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_go_live_in_python() {
    let edits = Edits {
        file: "src/plugin.py",
        logs: (
            "    notes.create(",
            "    from stoa_guest import log\n\n    log.info(\"a note is kept\")\n    notes.create(",
        ),
        marks: (
            "        raise Problem.not_found(\"note\")\n    return note",
            "        raise Problem.not_found(\"note\")\n    note.text = f\"Draft: {note.text}\"\n    return note",
        ),
    };
    develops("python", &edits).await;
}
