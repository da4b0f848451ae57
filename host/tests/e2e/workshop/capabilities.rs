//! `docs/plugins/capabilities/`: what these pages show is what is built and played here, in each language.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use stoa_wit::HOST_INTERFACES;

use super::{done, project, workplace};

/// In the order in which they are read.
const PAGE: &str = concat!(
    include_str!("../../../../docs/plugins/capabilities/data.md"),
    include_str!("../../../../docs/plugins/capabilities/events.md"),
    include_str!("../../../../docs/plugins/capabilities/outside.md"),
    include_str!("../../../../docs/plugins/capabilities/people.md"),
    include_str!("../../../../docs/plugins/capabilities/others.md"),
);
/// The files of the page that each language takes, by their beginnings.
const COMMON: &[&str] = &["plugin.toml", "tests/", "wit/"];
/// The plugins beside which the stories play, in Rust.
const COMPANIONS: &[&str] = &["loyalty", "reader"];

/// The page's files: the blocks with a name behind their language, one after another.
fn files() -> BTreeMap<&'static str, String> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut open = None;
    for line in PAGE.lines() {
        match (open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(info.split_once(' ').map(|(_, file)| file)),
            (Some(_), Some(_)) => open = None,
            (Some(Some(file)), None) => {
                let text = files.entry(file).or_default();
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    files
}

fn write(project: &Path, file: &str, text: &str) {
    let file = project.join(file);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// The other plugins, built once; their files.
fn companions() -> &'static [PathBuf] {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let files = files();
        let build = |name: &&str| {
            let project = project("rust", name);
            let prefix = format!("{name}/");
            for (file, text) in &files {
                if let Some(file) = file.strip_prefix(&prefix) {
                    write(&project, file, text);
                }
                if file.starts_with("wit/") {
                    write(&project, file, text);
                }
            }
            done(&project, &["build"]);
            project.join(format!("dist/{name}.wasm"))
        };
        COMPANIONS.iter().map(build).collect()
    })
}

/// Builds the page's plugin and plays all its stories, then judges it among the others.
fn shelf(language: &str, own: &[&str]) {
    let project = project(language, "shelf");
    fs::remove_file(project.join("tests/notes.toml")).unwrap();
    let files = files();
    let mut steps = 0;
    for (file, text) in &files {
        if COMMON.iter().chain(own).any(|part| file.starts_with(part)) {
            write(&project, file, text);
        }
        if file.starts_with("tests/") {
            steps += text.matches("[[step]]").count();
        }
    }
    for plugin in companions() {
        let name = plugin.file_name().unwrap();
        fs::copy(plugin, project.join("tests").join(name)).unwrap();
    }
    let played = done(&project, &["test"]);
    assert!(!played.contains("FAILED"), "{played}");
    assert_eq!(played.matches("  ok  ").count(), steps, "{played}");

    let said = done(&project, &["check", "--with", "tests"]);
    for (interface, _) in HOST_INTERFACES {
        let line = format!("imports {interface}");
        assert!(said.contains(&line), "{line} is not in\n{said}");
    }
    for line in [
        "points-vendor:loyalty/points@1.0.0: both sides have the same types",
        "reading-circle:shelf/books@0.1.0: both sides have the same types",
        "hears shelf.book-added from itself",
        "hears user.erased from the host",
        "hears loans.lent, which no plugin here raises",
        "no route of 2 others is in the way",
    ] {
        assert!(said.contains(line), "{line} is not in\n{said}");
    }
    assert!(!said.contains("wasi:"), "{said}");
}

#[test]
fn each_capability_in_rust() {
    shelf("rust", &["src/lib.rs"]);
}

#[test]
fn each_capability_in_javascript() {
    shelf("js", &["src/plugin.js", "schemas/"]);
    // What TypeScript is told of the interfaces between plugins.
    let types = workplace("js").join("shelf/.stoa/made/world.d.ts");
    let types = fs::read_to_string(types).unwrap();
    for line in [
        "declare module 'points-vendor:loyalty/points@1.0.0' {",
        "export function balance(account: string): bigint;",
        "export function getBook(id: string): Book;",
    ] {
        assert!(types.contains(line), "{line} is not in\n{types}");
    }
}

#[test]
fn each_capability_in_python() {
    shelf("python", &["src/plugin.py"]);
}

#[test]
fn every_code_block_of_the_page_is_part_of_a_file() {
    for (number, line) in PAGE.lines().enumerate() {
        let info = line.strip_prefix("```").filter(|info| !info.is_empty());
        let is_told = info.is_none_or(|info| info.contains(' '));
        assert!(is_told, "line {}: nobody builds this block", number + 1);
    }
    let files = files();
    for language in ["src/lib.rs", "src/plugin.js", "src/plugin.py"] {
        assert!(files.contains_key(language), "{language}");
    }
}
