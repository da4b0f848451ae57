//! A client of Socket.IO in a process of its own.

use std::process::Command;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::process::Process;
use super::{PATIENCE, Served};

/// In which language.
#[derive(Debug, Clone, Copy)]
pub enum Library {
    JavaScript,
    Python,
}

pub const LIBRARIES: [Library; 2] = [Library::JavaScript, Library::Python];
pub const TRANSPORTS: [&str; 3] = [
    r#"["websocket"]"#,
    r#"["polling"]"#,
    r#"["polling","websocket"]"#,
];

/// A client in a process of its own.
pub struct Client(Process);

impl Client {
    pub fn start(served: &Served, library: Library, transports: &str, auth: &Value) -> Self {
        let folder = std::env::var("STOA_TEST_LIVE").expect("run `cargo xtask test`");
        let mut command = match library {
            Library::JavaScript => {
                let mut node = Command::new("node");
                node.arg("client.js");
                node
            }
            Library::Python => {
                let python = std::env::var("STOA_TEST_PYTHON").expect("run `cargo xtask test`");
                let mut python = Command::new(python);
                python.arg("client.py");
                python
            }
        };
        let command = command
            .arg(format!("http://{}", served.address))
            .arg(transports)
            .arg(auth.to_string())
            .current_dir(folder);
        Self(Process::start(command))
    }

    pub async fn next(&mut self) -> (String, Vec<Value>) {
        let line = timeout(PATIENCE, self.0.line()).await;
        let line = line.expect("an event").expect("an event");
        let told: Value = serde_json::from_str(&line).unwrap();
        let args = told["args"].as_array().unwrap().clone();
        (told["event"].as_str().unwrap().to_owned(), args)
    }

    /// The next event of this name; others pass.
    pub async fn event(&mut self, name: &str) -> Vec<Value> {
        loop {
            let (event, args) = self.next().await;
            if event == name {
                return args;
            }
            assert_ne!(event, "disconnect", "{args:?} while waiting for {name}");
        }
    }

    pub fn emit(&mut self, event: &str, data: Value) {
        let wanted = json!({ "emit": event, "data": data });
        self.0.write(&wanted.to_string());
    }

    pub async fn ask(&mut self, event: &str, data: Value) -> Value {
        self.emit(event, data);
        self.event("ack").await.remove(0)
    }
}
