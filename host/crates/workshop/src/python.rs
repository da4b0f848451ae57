//! From Python to a component: made by `componentize-py` of the project's own virtual environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use stoa_wit::{Channel, Manifest};

use crate::build::{Made, Options};
use crate::pack::Schemas;
use crate::prerequisites::{self, Tool};
use crate::project::Project;
use crate::{fresh, process, schemas, sdk, typing, world};

/// What makes components, in the version that these commands were tried with.
const COMPONENTIZE: &str = "componentize-py==0.25.1";
/// Debian's package without which `python3 -m venv` makes no `pip`.
const VENV_PACKAGE: &str = "python3-venv";

/// The part of a pyproject.toml that we read.
#[derive(Deserialize)]
struct PyProject {
    project: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    dependencies: Vec<String>,
}

/// Where the pieces of a build lie.
struct Places {
    folder: PathBuf,
    source: PathBuf,
    sdk: PathBuf,
    site: PathBuf,
    venv: PathBuf,
    made: PathBuf,
}

impl Places {
    fn of(project: &Project) -> Self {
        let ours = project.folder.join(sdk::OURS);
        Self {
            folder: project.folder.clone(),
            source: project.folder.join("src"),
            sdk: ours.join("sdk/python"),
            site: ours.join("site"),
            venv: ours.join("venv"),
            made: ours.join("made"),
        }
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.venv.join("bin").join(name));
        command
            .current_dir(&self.folder)
            // Its own frames would bury the author's.
            .env("RUST_BACKTRACE", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("PYTHONPATH")
            .env_remove("VIRTUAL_ENV");
        command
    }

    fn componentize(&self) -> Command {
        let mut command = self.tool("componentize-py");
        let world = self.made.join("world.wit");
        command.arg("-d").arg(world).args(["-w", world::WORLD]);
        command
    }
}

/// Reads the code natively, which finds most mistakes at once and the schemas of its types, and makes a component.
pub(crate) fn build(project: &Project, options: Options) -> Result<Made> {
    let places = Places::of(project);
    let main = places.source.join("plugin.py");
    if !main.exists() {
        bail!("there is no src/plugin.py");
    }
    install(&places, options)?;
    let by_hand = schemas::read(&project.folder)?;
    let sources = [project.folder.clone(), places.sdk.clone()];
    let digest = fresh::digest(&sources, &[env!("CARGO_PKG_VERSION"), COMPONENTIZE])?;
    let stamp = places.made.join("digest");
    let component = places.made.join("component.wasm");
    let derived = places.made.join("schemas.json");
    if !(fresh::is(&stamp, &digest) && component.exists() && derived.exists()) {
        let names = names(&project.manifest);
        sdk::write(&places.made.join("world.wit"), &world::of_project(project)?)?;
        sdk::write(&derived, &describe(&places, &names)?)?;
        let entry = entry(&project.manifest, &names);
        sdk::write(&places.made.join("python/stoa_entry.py"), &entry)?;
        componentize(&places, &component)?;
        sdk::write(&stamp, &digest)?;
    }
    let text = fs::read(&derived).with_context(|| derived.display().to_string())?;
    let mut schemas: Schemas = serde_json::from_slice(&text).context("the types' schemas")?;
    schemas.extend(by_hand);
    let binary = fs::read(&component).with_context(|| component.display().to_string())?;
    Ok(Made { binary, schemas })
}

/// Makes the virtual environment and fetches what pyproject.toml names, once for each of its versions.
fn install(places: &Places, options: Options) -> Result<()> {
    let file = places.folder.join("pyproject.toml");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let pyproject: PyProject = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let dependencies = pyproject
        .project
        .map_or_else(Vec::new, |project| project.dependencies);
    let wanted = format!("{COMPONENTIZE}\n{}\n", dependencies.join("\n"));
    let stamp = places.venv.join("installed.txt");
    if fresh::is(&stamp, &wanted) {
        return Ok(());
    }
    prerequisites::ensure(&[Tool::PYTHON], &[VENV_PACKAGE], options.consent)?;
    if process::output(Command::new("python3").args(["-c", "import ensurepip"])).is_err() {
        prerequisites::install(&[VENV_PACKAGE], options.consent)?;
    }
    eprintln!("installing the project's Python packages");
    let mut venv = Command::new("python3");
    process::output(venv.args(["-m", "venv", "--clear"]).arg(&places.venv))?;
    pip(places, &[COMPONENTIZE.to_owned()], None)?;
    if places.site.exists() {
        fs::remove_dir_all(&places.site)?;
    }
    if !dependencies.is_empty() {
        pip(places, &dependencies, Some(&places.site))?;
    }
    sdk::write(&stamp, &wanted)?;
    Ok(())
}

fn pip(places: &Places, packages: &[String], target: Option<&Path>) -> Result<()> {
    let mut pip = places.tool("python");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    if let Some(target) = target {
        pip.arg("--target").arg(target);
    }
    process::output(pip.args(packages)).map(drop)
}

/// What the code has to know of the manifest.
fn names(manifest: &Manifest) -> Value {
    let mut handlers: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for route in &manifest.routes {
        let request = route.request.as_deref();
        let known = handlers.entry(&route.handler).or_insert(request);
        *known = known.or(request);
    }
    for name in manifest.channels.iter().flat_map(Channel::handlers) {
        handlers.entry(name).or_insert(None);
    }
    let lifecycle = if manifest.lifecycle {
        &["health", "migrate"][..]
    } else {
        &[]
    };
    let personal = manifest.personal_data.then_some("personal_data");
    json!({
        "handlers": handlers,
        "events": manifest.subscriptions.iter().map(|each| &each.handler).collect::<BTreeSet<_>>(),
        "turns": manifest.schedules.iter().map(|each| &each.handler).collect::<BTreeSet<_>>(),
        "provides": manifest.provides.keys().collect::<Vec<_>>(),
        "hooks": lifecycle.iter().copied().chain(personal).collect::<Vec<_>>(),
    })
}

/// Imports the code natively; what is printed are its schemas.
fn describe(places: &Places, names: &Value) -> Result<String> {
    let bindings = places.made.join("bindings");
    if bindings.exists() {
        fs::remove_dir_all(&bindings).with_context(|| bindings.display().to_string())?;
    }
    process::output(places.componentize().arg("bindings").arg(&bindings))?;
    let paths = [&places.source, &bindings, &places.sdk, &places.site];
    let mut python = places.tool("python");
    python
        .env("PYTHONPATH", std::env::join_paths(paths)?)
        .arg(places.sdk.join("describe.py"))
        .arg(names.to_string());
    process::printed(&mut python)
}

fn componentize(places: &Places, component: &Path) -> Result<()> {
    let mut command = places.componentize();
    // Nothing of WASI: the plugin imports the host's own interfaces alone.
    command.args(["componentize", "--stub-wasi"]);
    for path in [
        &places.source,
        &places.made.join("python"),
        &places.sdk,
        &places.site,
    ] {
        if path.exists() {
            command.arg("-p").arg(path);
        }
    }
    process::output(command.arg("-o").arg(component).arg("stoa_entry")).map(drop)
}

/// The module that joins the author's with what the manifest names.
fn entry(manifest: &Manifest, names: &Value) -> String {
    let mut text = format!(
        "import json\n\nimport plugin\nfrom stoa_guest import bind, chance\nfrom stoa_guest.definition import definition\n\n\
         chance.install()\nbind.check(definition, json.loads({names}))\n",
        names = json!(names.to_string())
    );
    for (is_there, lines) in [
        (
            manifest.answers_requests(),
            "from wit_world.exports.handler import Response\nHandler = bind.handler(definition, Response)\n",
        ),
        (
            !manifest.subscriptions.is_empty(),
            "Subscriber = bind.subscriber(definition)\n",
        ),
        (
            !manifest.schedules.is_empty(),
            "Scheduled = bind.scheduled(definition)\n",
        ),
        (
            manifest.lifecycle,
            "Lifecycle = bind.lifecycle(definition)\n",
        ),
        (
            manifest.personal_data,
            "PersonalData = bind.personal_data(definition)\n",
        ),
    ] {
        if is_there {
            text += lines;
        }
    }
    for (alias, interface) in &manifest.provides {
        text += &format!(
            "{} = bind.provided(definition.provides[{}])\n",
            class(interface),
            json!(alias)
        );
    }
    text
}

/// The class by which `componentize-py` knows an exported interface: `stoa:commerce/flat-shipping@0.1.0` is `FlatShipping`.
fn class(interface: &str) -> String {
    let name = interface
        .rsplit_once('/')
        .map_or(interface, |(_, name)| name);
    typing::pascal(name.split_once('@').map_or(name, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_classes_of_their_own_name() {
        assert_eq!(class("stoa:commerce/flat-shipping@0.1.0"), "FlatShipping");
    }
}
