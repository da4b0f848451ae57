//! Every function that the host offers to plugins has a wrapper in every SDK: the table is made from the WIT itself, so
//! that a new function without one fails here.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use stoa_wit::{HOST_INTERFACES, WIT_PACKAGES};
use wit_parser::Resolve;

/// A function of the host.
struct Function {
    /// Such as `stoa:storage/storage@0.1.0`.
    interface: &'static str,
    /// Such as `get-many`.
    name: String,
}

fn functions() -> Vec<Function> {
    let mut resolve = Resolve::default();
    let text = format!("package stoa:all;\n\n{WIT_PACKAGES}");
    resolve.push_source("all packages", &text).unwrap();
    let mut found = Vec::new();
    for (interface, _) in HOST_INTERFACES {
        let mut all = resolve.interfaces.iter();
        let (_, described) = all
            .find(|(id, _)| resolve.id_of(*id).as_deref() == Some(*interface))
            .unwrap_or_else(|| panic!("no package has {interface}"));
        let names = described.functions.keys().cloned();
        found.extend(names.map(|name| Function { interface, name }));
    }
    found
}

impl Function {
    /// The interface's own name: `storage`.
    fn short(&self) -> &str {
        let (_, name) = self.interface.split_once('/').unwrap();
        name.split_once('@').unwrap().0
    }

    fn snake(&self) -> String {
        self.name.replace('-', "_")
    }

    fn camel(&self) -> String {
        let mut words = self.name.split('-');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |camel, word| {
            let (head, tail) = word.split_at(1);
            camel + &head.to_uppercase() + tail
        })
    }
}

/// The texts of all files of this extension below a folder.
fn sources(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sdk-guest");
    let (mut folders, mut found) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no .{extension}");
    found
}

/// Whether the text calls this, and does not only name something longer.
fn calls(text: &str, call: &str) -> bool {
    text.match_indices(call).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[track_caller]
fn all_have_wrappers(language: &str, is_wrapped: impl Fn(&Function) -> bool) {
    let functions = functions();
    // As many as there were when this was written: the table is not empty for some other reason.
    assert!(functions.len() >= 40, "{}", functions.len());
    let missing: Vec<String> = functions
        .iter()
        .filter(|function| !is_wrapped(function))
        .map(|function| format!("{} {}", function.interface, function.name))
        .collect();
    assert!(
        missing.is_empty(),
        "the SDK for {language} has no wrapper for {missing:#?}"
    );
}

#[test]
fn rust_has_a_wrapper_for_every_function_of_the_host() {
    let sources = sources("src", "rs");
    all_have_wrappers("Rust", |function| {
        let (short, snake) = (function.short(), function.snake());
        let import = format!("use crate::host::{short} as host;");
        let fakes = |path: &Path| path.components().any(|part| part.as_os_str() == "testing");
        let mut sources = sources.iter().filter(|(path, _)| !fakes(path));
        sources.any(|(_, text)| {
            calls(text, &format!("crate::host::{short}::{snake}("))
                || text.contains(&import) && calls(text, &format!("host::{snake}("))
        })
    });
}

#[test]
fn javascript_has_a_wrapper_for_every_function_of_the_host() {
    let sources = sources("js/src", "js");
    let package = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sdk-guest/js/package.json"),
    )
    .unwrap();
    all_have_wrappers("JavaScript", |function| {
        let camel = function.camel();
        sources.iter().any(|(path, text)| {
            let name = path.file_stem().unwrap().to_string_lossy();
            // What authors can import, with its types.
            let is_told = name == "index" || package.contains(&format!("\"./{name}\""));
            let import = format!("from '{}'", function.interface);
            let imported = text.lines().find(|line| line.contains(&import));
            let Some(line) = imported.filter(|_| is_told && path.with_extension("d.ts").exists())
            else {
                return false;
            };
            if line.contains("* as wire") {
                calls(text, &format!("wire.{camel}("))
            } else {
                calls(line, &camel) && calls(&text.replacen(line, "", 1), &format!("{camel}("))
            }
        })
    });
}

#[test]
fn python_has_a_wrapper_for_every_function_of_the_host() {
    let sources = sources("python/stoa_guest", "py");
    all_have_wrappers("Python", |function| {
        let short = function.short();
        let snake = function.snake();
        // `raise` is a word of Python's own.
        let name = if snake == "raise" { "raise_" } else { &snake };
        sources.iter().any(|(_, text)| {
            let aliases = text.lines().filter_map(|line| {
                let rest = line.strip_prefix("from wit_world.imports import ")?;
                rest.strip_prefix(&format!("{short} as "))
            });
            // It is called, or handed to what calls it.
            let mut ways = aliases.flat_map(|alias| {
                ["(", ",", ")"].map(|after| format!("{}.{name}{after}", alias.trim()))
            });
            ways.any(|call| calls(text, &call))
        })
    });
}
