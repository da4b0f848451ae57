//! Gathers the SDKs, the contract and the templates into the program, so that authors need nothing but the binary.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What authors get: the folder's place in a project's SDK, and where it is in this repository.
const SDK: &[(&str, &str)] = &[
    ("rust/sdk-guest", "sdk-guest"),
    ("rust/wit", "wit"),
    ("js", "sdk-guest/js"),
    ("python", "sdk-guest/python"),
];
/// What of those folders no author needs.
const LEFT_OUT: &[&str] = &["tests", "js", "python", "node_modules", "__pycache__"];
/// The members of the workspace that a project's SDK is.
const MEMBERS: &[&str] = &["sdk-guest", "sdk-guest/macros", "wit"];

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = here.join("../../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut sdk = Vec::new();
    for (place, folder) in SDK {
        let folder = root.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, place, LEFT_OUT, &mut sdk)?;
    }
    let workspace = out.join("Cargo.toml");
    let text = fs::read_to_string(root.join("Cargo.toml"))?;
    fs::write(&workspace, workspace_of_sdk(&root, &text)?)?;
    println!(
        "cargo::rerun-if-changed={}",
        root.join("Cargo.toml").display()
    );
    sdk.push(("rust/Cargo.toml".to_owned(), workspace));
    fs::write(out.join("sdk.rs"), list(sdk))?;

    let mut templates = Vec::new();
    println!("cargo::rerun-if-changed=templates");
    collect(&here.join("templates"), "", &[], &mut templates)?;
    fs::write(out.join("templates.rs"), list(templates))?;
    Ok(())
}

/// Adds every file below `folder` with its path from there, behind `place`.
fn collect(
    folder: &Path,
    place: &str,
    left_out: &[&str],
    files: &mut Vec<(String, PathBuf)>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if left_out.contains(&name.as_ref()) {
            continue;
        }
        let place = if place.is_empty() {
            name.to_string()
        } else {
            format!("{place}/{name}")
        };
        if path.is_dir() {
            collect(&path, &place, left_out, files)?;
        } else {
            files.push((place, path));
        }
    }
    Ok(())
}

/// The files as a Rust expression: a list of path and text.
fn list(mut files: Vec<(String, PathBuf)>) -> String {
    files.sort();
    let mut text = String::from("&[\n");
    for (place, path) in files {
        let _ = writeln!(
            text,
            "({place:?}, include_str!({:?})),",
            path.display().to_string()
        );
    }
    text + "]\n"
}

/// This workspace's Cargo.toml, as far as the SDK's crates need it.
fn workspace_of_sdk(root: &Path, text: &str) -> Result<String, Box<dyn Error>> {
    let ours: toml::Table = text.parse()?;
    let workspace = ours.get("workspace").ok_or("no [workspace]")?;
    let mut needed = BTreeSet::new();
    for member in MEMBERS {
        let manifest: toml::Table =
            fs::read_to_string(root.join(member).join("Cargo.toml"))?.parse()?;
        named(&toml::Value::Table(manifest), &mut needed);
    }
    let mut dependencies = workspace
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .ok_or("no [workspace.dependencies]")?
        .clone();
    dependencies.retain(|name, _| needed.contains(name));
    let mut kept = toml::Table::new();
    kept.insert("resolver".into(), "3".into());
    kept.insert("members".into(), MEMBERS.to_vec().into());
    for key in ["package", "lints"] {
        kept.insert(
            key.into(),
            workspace.get(key).ok_or("a table is missing")?.clone(),
        );
    }
    kept.insert("dependencies".into(), dependencies.into());
    let whole = toml::Table::from_iter([("workspace".to_owned(), toml::Value::Table(kept))]);
    Ok(toml::to_string(&whole)?)
}

/// The names in all tables of dependencies.
fn named(value: &toml::Value, names: &mut BTreeSet<String>) {
    for (key, value) in value.as_table().into_iter().flatten() {
        if key.ends_with("dependencies") {
            names.extend(
                value
                    .as_table()
                    .into_iter()
                    .flat_map(|table| table.keys().cloned()),
            );
        } else {
            named(value, names);
        }
    }
}
