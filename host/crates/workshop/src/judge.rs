//! What a host would say of a plugin's file, without running it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use stoa_wit::admission::{
    self, ARTIFACT_BYTES_MAX, CORE_INSTANCES_MAX, FUNCTION_BYTES_MAX, FUNCTIONS_MAX, Import,
    MODULES_MAX, NESTED_MAX,
};
use stoa_wit::{FREE_CAPABILITIES, PACKAGE_SECTION, Package};
use wasmparser::{Instance, Parser, Payload};

use crate::growth::Interfaces;
use crate::pack::promised;
use crate::report::Report;
use crate::sections;

/// Reads what a plugin says of itself.
///
/// # Errors
/// When the bytes are no component, or say nothing or nonsense about themselves.
pub fn package(plugin: &[u8]) -> Result<Package> {
    if !sections::is_component(plugin) {
        bail!("this is no WebAssembly component");
    }
    let found = sections::read(plugin, PACKAGE_SECTION)?;
    match found.as_slice() {
        [one] => Ok(Package::from_section(one)?),
        [] => bail!("the component has no {PACKAGE_SECTION} section: `stoa plugin pack` adds it"),
        _ => bail!("the component has more than one {PACKAGE_SECTION} section"),
    }
}

/// Judges a plugin's file as a host does before it compiles it. `denied` are capabilities that the operator withholds.
///
/// # Errors
/// When it can't be read so far that anything could be said: see [`package`].
pub fn judge(plugin: &[u8], denied: &BTreeSet<String>) -> Result<(Package, Report)> {
    let package = package(plugin)?;
    let manifest = &package.manifest;
    let mut report = Report::default();
    report.fine(format!(
        "plugin.toml: {} {}, every key known, every type described",
        manifest.name, manifest.version
    ));
    size(plugin, &mut report)?;
    if let Err(reason) = admission::judge_manifest(manifest) {
        report.refused(reason.to_string());
    }
    if let Err(error) = wasmparser::Validator::new().validate_all(plugin) {
        report.refused(format!("not a valid component: {error}"));
        return Ok((package, report));
    }
    imports(plugin, &package, denied, &mut report)?;
    exports(plugin, &package, &mut report)?;
    Ok((package, report))
}

fn size(plugin: &[u8], report: &mut Report) -> Result<()> {
    let kib = plugin.len().div_ceil(1024);
    let shown = format!("{kib} KiB of at most {}", ARTIFACT_BYTES_MAX / 1024);
    if plugin.len() > ARTIFACT_BYTES_MAX {
        report.refused(shown);
    } else {
        report.fine(shown);
    }
    let parts = count(plugin)?;
    for (found, what, max) in [
        (parts.functions, "functions", FUNCTIONS_MAX),
        (
            parts.function_bytes,
            "bytes of the largest function",
            FUNCTION_BYTES_MAX,
        ),
        (parts.modules, "modules and components", MODULES_MAX),
        (parts.nested, "levels of them", NESTED_MAX),
        (
            parts.instances,
            "core modules in an instance",
            CORE_INSTANCES_MAX,
        ),
    ] {
        let shown = format!("{found} {what} of at most {max}");
        if found > max {
            report.refused(shown);
        } else {
            report.fine(shown);
        }
    }
    Ok(())
}

/// What a compiler and an instance have to do with.
#[derive(Default)]
struct Parts {
    functions: u32,
    function_bytes: u32,
    modules: u32,
    nested: u32,
    instances: u32,
}

fn count(plugin: &[u8]) -> Result<Parts> {
    let (mut parts, mut depth) = (Parts::default(), 0_u32);
    for payload in Parser::new(0).parse_all(plugin) {
        match payload.context("not a component")? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                parts.modules += 1;
                parts.nested = parts.nested.max(depth);
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => {
                parts.functions = parts.functions.saturating_add(count);
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = u32::try_from(body.range().len()).unwrap_or(u32::MAX);
                parts.function_bytes = parts.function_bytes.max(bytes);
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let is_made = matches!(instance?, Instance::Instantiate { .. });
                    parts.instances = parts.instances.saturating_add(u32::from(is_made));
                }
            }
            _ => {}
        }
    }
    Ok(parts)
}

fn imports(
    plugin: &[u8],
    package: &Package,
    denied: &BTreeSet<String>,
    report: &mut Report,
) -> Result<()> {
    let mut exercised = BTreeSet::new();
    for name in sections::imports(plugin)? {
        match admission::judge_import(&name, package, denied) {
            Ok(Import::Host(capability)) => {
                report.fine(format!("imports {name}"));
                exercised.insert(capability.to_owned());
            }
            Ok(Import::Wasi) => report.fine(format!("imports {name}, closed")),
            Ok(Import::Plugin) => report.fine(format!("imports {name} from another plugin")),
            Err(reason) => report.refused(reason.to_string()),
        }
    }
    let wanted = Interfaces::imported(plugin)?;
    for missing in wanted.missing_from(&Interfaces::of_host()?) {
        report.refused(missing);
    }
    let asked = package.manifest.capabilities.iter();
    for capability in asked.filter(|capability| !exercised.contains(*capability)) {
        if !FREE_CAPABILITIES.contains(&capability.as_str()) {
            report.notable(format!("asks for {capability:?} and does not use it"));
        }
    }
    Ok(())
}

fn exports(plugin: &[u8], package: &Package, report: &mut Report) -> Result<()> {
    let exported = sections::exports(plugin)?;
    let promised: BTreeSet<&str> = promised(&package.manifest).collect();
    for interface in &promised {
        if exported.iter().any(|name| name == interface) {
            report.fine(format!("exports {interface}"));
        } else {
            report.refused(format!("promises {interface} and does not export it"));
        }
    }
    for name in exported
        .iter()
        .filter(|name| !promised.contains(name.as_str()))
    {
        report.notable(format!(
            "exports {name}, which plugin.toml does not promise"
        ));
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;
    use crate::pack::{self, Schemas};
    use crate::report::Weight;

    /// A component that imports and exports these interfaces, without functions, under this manifest.
    fn plugin(manifest: &str, imports: &[&str], exports: &[&str]) -> Vec<u8> {
        let manifest = stoa_wit::Manifest::from_toml(manifest).unwrap();
        let mut component = crate::testing::component(imports, exports);
        let package = Package {
            manifest,
            schemas: Schemas::new(),
        };
        let content = serde_json::to_vec(&package).unwrap();
        sections::append(&mut component, PACKAGE_SECTION, &content);
        component
    }

    fn texts(report: &Report, weight: Weight) -> Vec<&str> {
        let findings = report.findings.iter();
        findings
            .filter(|finding| finding.weight == weight)
            .map(|finding| finding.text.as_str())
            .collect()
    }

    const BARE: &str = "name = \"p\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_modest_plugin_is_fine() {
        let bytes = plugin(BARE, &["stoa:clock/clock@0.1.0"], &[]);
        let (package, report) = judge(&bytes, &BTreeSet::new()).unwrap();
        assert_eq!(package.manifest.name, "p");
        assert!(!report.is_refused(), "{report}");
        assert!(texts(&report, Weight::Notable).is_empty(), "{report}");
    }

    #[test]
    fn every_import_and_promise_is_judged() {
        let manifest = format!("{BARE}capabilities = [\"cache\", \"mail\"]\nlifecycle = true");
        let imports = ["stoa:storage/storage@0.1.0", "stoa:cache/cache@0.1.0"];
        let bytes = plugin(&manifest, &imports, &["a:b/c@1.0.0"]);
        let denied = BTreeSet::from(["cache".to_owned()]);
        let (_, report) = judge(&bytes, &denied).unwrap();
        let refused = texts(&report, Weight::Refused).join("\n");
        for word in [
            "capability \"storage\"",
            "withholds the capability \"cache\"",
            "lifecycle",
        ] {
            assert!(refused.contains(word), "{word} is not in\n{refused}");
        }
        let notable = texts(&report, Weight::Notable).join("\n");
        for word in ["\"mail\"", "a:b/c@1.0.0"] {
            assert!(notable.contains(word), "{word} is not in\n{notable}");
        }
    }

    /// Built against interfaces that have grown since this host was built, or are other ones.
    #[test]
    fn what_was_built_against_newer_interfaces_is_told_what_is_missing() {
        let mut component = wat::parse_str(
            r#"(component
                (import "stoa:clock/clock@0.1.0" (instance (export "ticks" (func (result u64)))))
                (import "stoa:log/log@0.2.0" (instance)))"#,
        )
        .unwrap();
        let package = Package {
            manifest: package_of_bare(),
            schemas: Schemas::new(),
        };
        let content = serde_json::to_vec(&package).unwrap();
        sections::append(&mut component, PACKAGE_SECTION, &content);
        let (_, report) = judge(&component, &BTreeSet::new()).unwrap();
        let refused = texts(&report, Weight::Refused).join("\n");
        for words in [
            "imports ticks of stoa:clock/clock@0.1.0, which the host does not have",
            "imports stoa:log/log@0.2.0, but the host has stoa:log/log@0.1.0",
        ] {
            assert!(refused.contains(words), "{words} is not in\n{refused}");
        }
    }

    #[test]
    fn what_says_nothing_or_nonsense_of_itself_is_no_plugin() {
        let bare = crate::testing::component(&[], &[]);
        assert!(package(&bare).unwrap_err().to_string().contains("pack"));
        let mut twice = plugin(BARE, &[], &[]);
        sections::append(&mut twice, PACKAGE_SECTION, b"{}");
        package(&twice).unwrap_err();
        let mut unknown = bare;
        let content = br#"{"manifest":{"name":"p","version":"0.1.0","colour":"red"}}"#;
        sections::append(&mut unknown, PACKAGE_SECTION, content);
        let reason = package(&unknown).unwrap_err().to_string();
        assert!(reason.contains("colour"), "{reason}");
        package(b"\0asm\x01\0\0\0").unwrap_err();
        pack::pack(b"rubbish", package_of_bare(), Schemas::new()).unwrap_err();
    }

    fn package_of_bare() -> stoa_wit::Manifest {
        stoa_wit::Manifest::from_toml(BARE).unwrap()
    }
}
