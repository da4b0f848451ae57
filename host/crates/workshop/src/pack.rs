//! One module or component and its manifest become a plugin, which is one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;
use stoa_wit::{Manifest, PACKAGE_SECTION, Package, SCHEMA_SECTION};
use wit_component::ComponentEncoder;

use crate::sections;

/// What a plugin with routes, or with channels whose clients it hears, exports.
const HANDLER: &str = "stoa:http/handler@0.1.0";
/// What a plugin exports that handles events.
const SUBSCRIBER: &str = "stoa:events/subscriber@0.1.0";
/// What a plugin exports that takes turns.
const SCHEDULED: &str = "stoa:schedule/scheduled@0.1.0";
/// What a plugin exports whose manifest says `lifecycle = true`.
const LIFECYCLE: &str = "stoa:lifecycle/lifecycle@0.1.0";
/// What a plugin exports whose manifest says `personal_data = true`.
const PERSONAL_DATA: &str = "stoa:lifecycle/personal-data@0.1.0";

/// What plugins export and the host calls.
pub(crate) const CALLED: &[&str] = &[HANDLER, SUBSCRIBER, SCHEDULED, LIFECYCLE, PERSONAL_DATA];

/// Schemas of a plugin's types by name.
pub type Schemas = BTreeMap<String, Value>;

/// One line that the SDK's `Schema` derive leaves in the module.
#[derive(Deserialize)]
struct SchemaLine {
    name: String,
    schema: Value,
}

/// Packs what is in files: a core module that carries its WIT or a component, its `plugin.toml`, and, for languages
/// whose compiler embeds none, a JSON object of JSON Schemas by type name.
///
/// # Errors
/// When a file can't be read or written, and as [`pack`].
pub fn pack_files(
    binary: &Path,
    manifest: &Path,
    schemas: Option<&Path>,
    output: &Path,
) -> Result<()> {
    let bytes = fs::read(binary).with_context(|| binary.display().to_string())?;
    let manifest = read_manifest(manifest)?;
    let schemas = match schemas {
        Some(file) => {
            serde_json::from_slice(&fs::read(file)?).with_context(|| file.display().to_string())?
        }
        None => Schemas::new(),
    };
    let plugin = pack(&bytes, manifest, schemas).with_context(|| binary.display().to_string())?;
    install(&plugin, output)?;
    Ok(())
}

/// Reads and checks a `plugin.toml`.
///
/// # Errors
/// When it can't be read, or is no manifest.
pub fn read_manifest(file: &Path) -> Result<Manifest> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Manifest::from_toml(&text).with_context(|| file.display().to_string())
}

/// Makes a component of the binary, if it is none, and embeds what the plugin says about itself.
///
/// Schemas come from the binary's own sections and from `schemas`; the same name may not mean two things.
///
/// # Errors
/// When the binary is none, a schema is missing, or the code does not export what the manifest promises.
pub fn pack(binary: &[u8], manifest: Manifest, mut schemas: Schemas) -> Result<Vec<u8>> {
    for lines in sections::read(binary, SCHEMA_SECTION)? {
        add_schemas(&mut schemas, lines)?;
    }
    let package = Package { manifest, schemas };
    package.check()?;
    let bare = sections::without(binary, &[SCHEMA_SECTION, PACKAGE_SECTION])?;
    let mut component = component(bare)?;
    check_exports(&package.manifest, &component)?;
    sections::append(
        &mut component,
        PACKAGE_SECTION,
        &serde_json::to_vec(&package)?,
    );
    Ok(component)
}

fn add_schemas(schemas: &mut Schemas, lines: &[u8]) -> Result<()> {
    for line in serde_json::Deserializer::from_slice(lines).into_iter::<SchemaLine>() {
        let SchemaLine { name, schema } =
            line.context("the schemas in the module are malformed")?;
        if schemas.get(&name).is_some_and(|other| *other != schema) {
            bail!("two different types are called {name}; rename one of them");
        }
        schemas.insert(name, schema);
    }
    Ok(())
}

fn component(binary: Vec<u8>) -> Result<Vec<u8>> {
    if sections::is_component(&binary) {
        wasmparser::Validator::new()
            .validate_all(&binary)
            .context("not a valid component")?;
        return Ok(binary);
    }
    ComponentEncoder::default()
        .module(&binary)
        .context("cannot read the module's WIT")?
        .validate(true)
        .encode()
        .context("cannot make a component of the module")
}

/// The interfaces that a plugin of this manifest exports.
pub fn promised(manifest: &Manifest) -> impl Iterator<Item = &str> {
    let promises = [
        (manifest.answers_requests(), HANDLER),
        (!manifest.subscriptions.is_empty(), SUBSCRIBER),
        (!manifest.schedules.is_empty(), SCHEDULED),
        (manifest.lifecycle, LIFECYCLE),
        (manifest.personal_data, PERSONAL_DATA),
    ];
    let own = promises.into_iter();
    own.filter_map(|(is_promised, interface)| is_promised.then_some(interface))
        .chain(manifest.provides.values().map(String::as_str))
}

/// What the manifest promises has to be there.
fn check_exports(manifest: &Manifest, component: &[u8]) -> Result<()> {
    let exports = sections::exports(component)?;
    let mut promised = promised(manifest);
    match promised.find(|interface| !exports.iter().any(|name| name == interface)) {
        Some(missing) => bail!("plugin.toml promises {missing}, but the code does not export it"),
        None => Ok(()),
    }
}

/// Puts the plugin in its place at once, so that a host which watches never sees half of it. Answers
/// whether anything changed.
///
/// # Errors
/// When the file can't be written.
pub fn install(plugin: &[u8], file: &Path) -> Result<bool> {
    if fs::read(file).is_ok_and(|present| present == plugin) {
        return Ok(false);
    }
    let name = file
        .file_name()
        .context("the output has no file name")?
        .to_string_lossy();
    let temporary = file.with_file_name(format!(".{name}.{}", std::process::id()));
    fs::write(&temporary, plugin).with_context(|| temporary.display().to_string())?;
    fs::rename(&temporary, file).with_context(|| file.display().to_string())?;
    Ok(true)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    const MANIFEST: &str = r#"
        name = "sample"
        version = "0.1.0"
        [[route]]
        method = "GET"
        path = "/sample"
        handler = "sample"
        callers = ["public"]
        response = "Sample"
    "#;

    fn manifest() -> Manifest {
        Manifest::from_toml(MANIFEST).unwrap()
    }

    fn line(name: &str, kind: &str) -> String {
        json!({"name": name, "schema": {"type": kind}}).to_string()
    }

    fn component_with(interfaces: &[&str]) -> Vec<u8> {
        crate::testing::component(&[], interfaces)
    }

    #[test]
    fn schemas_move_from_their_lines_into_the_package() {
        let mut binary = component_with(&[HANDLER]);
        sections::append(
            &mut binary,
            SCHEMA_SECTION,
            format!("{}\n{}", line("Sample", "object"), line("Other", "string")).as_bytes(),
        );
        sections::append(
            &mut binary,
            SCHEMA_SECTION,
            line("Sample", "object").as_bytes(),
        );
        sections::append(&mut binary, PACKAGE_SECTION, b"an older one");
        let plugin = pack(&binary, manifest(), Schemas::new()).unwrap();
        assert!(sections::read(&plugin, SCHEMA_SECTION).unwrap().is_empty());
        let packages = sections::read(&plugin, PACKAGE_SECTION).unwrap();
        assert_eq!(packages.len(), 1);
        let package = Package::from_section(packages.first().unwrap()).unwrap();
        assert_eq!(package.manifest, manifest());
        assert_eq!(
            package.schemas.keys().collect::<Vec<_>>(),
            ["Other", "Sample"]
        );
    }

    #[test]
    fn a_missing_schema_and_a_name_for_two_types_are_refused() {
        let error = pack(&component_with(&[HANDLER]), manifest(), Schemas::new()).unwrap_err();
        assert!(error.to_string().contains("Sample"), "{error}");
        let mut binary = component_with(&[HANDLER]);
        sections::append(
            &mut binary,
            SCHEMA_SECTION,
            line("Sample", "object").as_bytes(),
        );
        sections::append(
            &mut binary,
            SCHEMA_SECTION,
            line("Sample", "string").as_bytes(),
        );
        let error = pack(&binary, manifest(), Schemas::new()).unwrap_err();
        assert!(error.to_string().contains("Sample"), "{error}");
    }

    #[test]
    fn what_the_manifest_promises_has_to_be_exported() {
        let schemas = Schemas::from([("Sample".to_owned(), json!({}))]);
        let promising = Manifest {
            lifecycle: true,
            ..manifest()
        };
        for (manifest, exports, missing) in [
            (manifest(), vec![HANDLER], None),
            (manifest(), vec![LIFECYCLE], Some(HANDLER)),
            (promising.clone(), vec![HANDLER], Some(LIFECYCLE)),
            (promising, vec![HANDLER, LIFECYCLE], None),
        ] {
            let result = pack(&component_with(&exports), manifest, schemas.clone());
            match missing {
                None => assert!(result.is_ok(), "{exports:?}: {:?}", result.err()),
                Some(missing) => assert!(result.unwrap_err().to_string().contains(missing)),
            }
        }
    }

    #[test]
    fn a_module_without_wit_is_refused() {
        let module = wasm_encoder::Module::new().finish();
        let schemas = Schemas::from([("Sample".to_owned(), json!({}))]);
        let error = pack(&module, manifest(), schemas).unwrap_err().to_string();
        assert!(error.contains(HANDLER), "{error}");
    }

    #[test]
    fn installing_replaces_the_file_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sample.wasm");
        assert!(install(b"first", &file).unwrap());
        assert!(install(b"second", &file).unwrap());
        assert!(!install(b"second", &file).unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
