//! The plugins that a plugin will stand beside: those of a folder, or those of a running host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use stoa_workshop::among::Other;
use stoa_workshop::report::Report;

use crate::cli::plugin::remote::Remote;

/// Plugins of a host that are looked at.
const PLUGINS_MAX: u32 = 200;
/// What the API document calls the host's own part.
const HOST: &str = "host";

/// The plugins in files and folders.
pub fn in_files(paths: &[PathBuf]) -> Result<Vec<Other>> {
    let mut others = Vec::new();
    for path in paths {
        for file in files(path)? {
            let shown = || file.display().to_string();
            let bytes = std::fs::read(&file).with_context(shown)?;
            others.push(Other::of_file(bytes).with_context(shown)?);
        }
    }
    Ok(others)
}

/// A file itself, or a folder's plugins. Names that begin with a dot are copies under way.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .filter(|file| {
            let name = file.file_name().unwrap_or_default();
            !name.to_string_lossy().starts_with('.')
        })
        .collect();
    files.sort();
    Ok(files)
}

/// The plugins of a host: their routes, which it tells anybody, and with a token all else of those in its registry.
pub fn on_host(remote: &Remote, report: &mut Report) -> Result<Vec<Other>> {
    let mut others = routed(&remote.public("/openapi.json")?);
    if !remote.has_token() {
        report.notable(
            "what the host's plugins raise and provide is not compared: STOA_TOKEN says as whom to ask",
        );
        return Ok(others);
    }
    let listed = remote.get(&format!("/plugins?limit={PLUGINS_MAX}"))?;
    for item in list(&listed, "items") {
        let Some(name) = item.get("name").and_then(Value::as_str) else {
            continue;
        };
        let revisions = remote.get(&format!("/plugins/{name}/revisions?limit=1"))?;
        let newest = list(&revisions, "items").next();
        let words = newest.into_iter().flat_map(|it| list(it, "permissions"));
        let words = words.filter_map(|word| word.as_str().map(ToOwned::to_owned));
        match others.iter_mut().find(|other| other.name == name) {
            Some(other) => other.words.extend(words),
            None => others.push(Other {
                name: name.to_owned(),
                words: words.collect(),
                file: None,
            }),
        }
    }
    Ok(others)
}

/// Whom an API document names, with their routes.
fn routed(document: &Value) -> Vec<Other> {
    let mut others: Vec<Other> = Vec::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, operations) in paths.into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let owner = list(operation, "tags").next().and_then(Value::as_str);
            let owner = owner.unwrap_or(HOST);
            let word = format!("route:{} {path}", method.to_ascii_uppercase());
            match others.iter_mut().find(|other| other.name == owner) {
                Some(other) => drop(other.words.insert(word)),
                None => others.push(Other {
                    name: owner.to_owned(),
                    words: BTreeSet::from([word]),
                    file: None,
                }),
            }
        }
    }
    others
}

fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let items = value.get(member).and_then(Value::as_array);
    items.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_api_document_names_the_owners_of_routes() {
        let others = routed(&json!({"paths": {
            "/notes/{id}": {"get": {"tags": ["notes"]}, "delete": {"tags": ["notes"]}},
            "/health": {"get": {"tags": ["host"]}},
        }}));
        let of = |name: &str| others.iter().find(|other| other.name == name);
        let notes: Vec<&str> = of("notes").map_or(Vec::new(), |it| it.all("route").collect());
        assert_eq!(notes, ["DELETE /notes/{id}", "GET /notes/{id}"]);
        assert!(of("host").is_some());
    }
}
