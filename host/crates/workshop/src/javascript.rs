//! From JavaScript or TypeScript to a component: bundled by esbuild, made a component by `componentize-js`, both of
//! the project's own `node_modules`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::json;
use stoa_wit::{Channel, Manifest};

use crate::build::{Made, Options};
use crate::pack::Schemas;
use crate::prerequisites::{self, Tool};
use crate::project::Project;
use crate::{fresh, process, schemas, sdk, typing, world};

/// The part of a package.json that we read.
#[derive(Deserialize)]
struct Package {
    main: Option<String>,
}

/// Bundles, checks handlers against the manifest while the module's top level runs, and makes a component.
pub(crate) fn build(project: &Project, options: Options) -> Result<Made> {
    prerequisites::ensure(&[Tool::NODE, Tool::NPM], &[], options.consent)?;
    let schemas = schemas::read(&project.folder)?;
    install(&project.folder)?;
    let ours = project.folder.join(sdk::OURS);
    let sources = [project.folder.clone(), ours.join("sdk/js")];
    let digest = fresh::digest(&sources, &[env!("CARGO_PKG_VERSION")])?;
    let (stamp, component) = (ours.join("made/digest"), ours.join("made/component.wasm"));
    if !(fresh::is(&stamp, &digest) && component.exists()) {
        let world = world::of_project(project)?;
        sdk::write(&ours.join("made/world.wit"), &world)?;
        let types = typing::modules(&project.manifest, &world)?;
        sdk::write(&ours.join("made/world.d.ts"), &types)?;
        sdk::write(&ours.join("made/entry.js"), &entry(project, &schemas)?)?;
        let mut node = Command::new("node");
        process::run(
            node.arg(".stoa/sdk/js/build.mjs")
                .current_dir(&project.folder),
        )?;
        sdk::write(&stamp, &digest)?;
    }
    let binary = fs::read(&component).with_context(|| component.display().to_string())?;
    Ok(Made { binary, schemas })
}

/// Installs what package.json names, once for each of its versions.
fn install(folder: &Path) -> Result<()> {
    let package = folder.join("package.json");
    let package = fs::read_to_string(&package).with_context(|| package.display().to_string())?;
    let stamp = folder.join("node_modules/.stoa-installed");
    if fresh::is(&stamp, &package) {
        return Ok(());
    }
    eprintln!("installing the project's npm packages");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::output(npm.current_dir(folder))?;
    sdk::write(&stamp, &package)?;
    Ok(())
}

/// The module that joins the author's definition with what the manifest names.
fn entry(project: &Project, schemas: &Schemas) -> Result<String> {
    let package = project.folder.join("package.json");
    let text = fs::read(&package).with_context(|| package.display().to_string())?;
    let package: Package =
        serde_json::from_slice(&text).with_context(|| package.display().to_string())?;
    let main = package.main.unwrap_or_else(|| "src/plugin.js".into());
    if !project.folder.join(&main).exists() {
        bail!("there is no {main}, which package.json names as `main`");
    }
    let main = format!("../../{}", main.trim_start_matches("./"));
    let manifest = &project.manifest;
    let names = json!({
        "handlers": handlers(manifest),
        "events": manifest.subscriptions.iter().map(|each| &each.handler).collect::<BTreeSet<_>>(),
        "turns": manifest.schedules.iter().map(|each| &each.handler).collect::<BTreeSet<_>>(),
        "lifecycle": manifest.lifecycle,
        "personalData": manifest.personal_data,
        "provides": manifest.provides.keys().collect::<Vec<_>>(),
    });
    let mut exports = String::new();
    for (is_there, line) in [
        (
            manifest.answers_requests(),
            "export const handler = bound.handler;",
        ),
        (
            !manifest.subscriptions.is_empty(),
            "export const subscriber = bound.subscriber;",
        ),
        (
            !manifest.schedules.is_empty(),
            "export const scheduled = bound.scheduled;",
        ),
        (
            manifest.lifecycle,
            "export const lifecycle = bound.lifecycle;",
        ),
        (
            manifest.personal_data,
            "export const personalData = bound.personalData;",
        ),
    ] {
        if is_there {
            exports += line;
            exports += "\n";
        }
    }
    for (alias, interface) in &manifest.provides {
        exports += &format!(
            "const {alias} = bound.provides[{}];\nexport {{ {alias} as {} }};\n",
            json!(alias),
            json!(interface)
        );
    }
    Ok(format!(
        "import {{ bind }} from 'stoa-guest/bind';\nimport definition from {main};\n\
         const bound = bind(definition, {names}, {schemas});\n{exports}",
        main = json!(main),
        schemas = json!(schemas),
    ))
}

/// Every handler, with the schema of its body if all its routes agree on one.
fn handlers(manifest: &Manifest) -> BTreeMap<&str, Option<&str>> {
    let mut handlers: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for route in &manifest.routes {
        let request = route.request.as_deref();
        let known = handlers.entry(&route.handler).or_insert(request);
        if *known != request {
            *known = None;
        }
    }
    for name in manifest.channels.iter().flat_map(Channel::handlers) {
        handlers.entry(name).or_insert(None);
    }
    handlers
}
