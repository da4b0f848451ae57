//! What was built against the host's interfaces as they were runs on the host as it is; what was built against newer
//! ones is told what is missing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stoa_kernel::id::{CollectionName, TenantId};
use stoa_kernel::store::Store as _;
use stoa_kernel::wit::{FREE_CAPABILITIES, HOST_INTERFACES, RELEASED_WIT_PACKAGES, WIT_PACKAGES};
use stoa_testkit::{TestHost, guest_file, plugin_file, repack};
use stoa_workshop::judge::judge;
use wit_parser::Resolve;
use wit_parser::abi::{AbiVariant, WasmType};

use crate::hostile::guest::{assemble_against, read};

/// Writes a document, reads it, and traps if it is not there.
const HANDLER: &str = r#"
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $stoa:storage/storage@0.1.0#put
    (i32.const 0x900) (i32.const 6) (i32.const 0x910) (i32.const 2) (i32.const 0x920) (i32.const 14)
    (i32.const 0) (i64.const 0) (i32.const 0x800))
  (if (i32.load8_u (i32.const 0x800)) (then (unreachable)))
  (call $stoa:storage/storage@0.1.0#get
    (i32.const 0x900) (i32.const 6) (i32.const 0x910) (i32.const 2) (i32.const 0x800))
  (if (i32.load8_u (i32.const 0x800)) (then (unreachable)))
  (if (i32.eqz (i32.load8_u (i32.const 0x808))) (then (unreachable)))
  (global.get $fine))
(data (i32.const 0x900) "things")
(data (i32.const 0x910) "it")
(data (i32.const 0x920) "{\"elder\":true}")
"#;

const fn core(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

/// A plugin that imports every function of the host's interfaces in this text, and runs.
fn elder(name: &str, packages: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let text = format!("package test:elder;\n{packages}");
    let _ = resolve.push_str("elder.wit", &text).unwrap();
    let (mut names, mut imports) = (Vec::new(), String::new());
    for (id, interface) in resolve.interfaces.iter() {
        let name = resolve.id_of(id).unwrap();
        if !HOST_INTERFACES.iter().any(|(known, _)| *known == name) {
            continue;
        }
        for function in interface.functions.values() {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
            let list = |word: &str, types: &[WasmType]| -> String {
                let types = types.iter().map(|ty| format!(" ({word} {})", core(*ty)));
                types.collect()
            };
            let (params, results) = (
                list("param", &signature.params),
                list("result", &signature.results),
            );
            let function = &function.name;
            let _ = writeln!(
                imports,
                "(import \"{name}\" \"{function}\" (func ${name}#{function}{params}{results}))"
            );
        }
        names.push(name);
    }
    let capabilities = HOST_INTERFACES.iter().map(|(_, capability)| *capability);
    let capabilities = capabilities.filter(|capability| !FREE_CAPABILITIES.contains(capability));
    let head = format!(
        ";; imports: {}\n;; capabilities: {}\n;; expect: fine\n",
        names.join(" "),
        capabilities.collect::<Vec<_>>().join(" ")
    );
    let guest = read(name, &format!("{head}{imports}{HANDLER}"));
    let plugin = assemble_against(&guest, packages).unwrap();
    repack(&plugin, |package| {
        let collections = &mut package.manifest.collections;
        collections.insert("things".into(), Default::default());
    })
}

async fn serves(name: &str, plugin: &[u8]) {
    let host = TestHost::builder().start().await;
    host.install(name, plugin).await.unwrap();
    let answer = host.anonymous().get(&format!("/{name}")).await;
    let _ = answer.expect(204);
    let unit = host.store.begin(&TenantId::parse("main").unwrap()).await;
    let things = CollectionName::new(name, "things");
    let stored = unit.unwrap().get(&things, "it").await.unwrap().unwrap();
    assert_eq!(&*stored.body, "{\"elder\":true}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_against_any_release_runs() {
    assert!(!RELEASED_WIT_PACKAGES.is_empty());
    for (_, packages) in RELEASED_WIT_PACKAGES {
        serves("elder", &elder("elder", packages)).await;
    }
}

/// The interfaces as if they had fewer functions: the host's have grown since.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_before_an_interface_has_grown_runs() {
    let since = [
        "aggregate:",
        "increment:",
        "take-if-at-least:",
        "request-id:",
        "evict:",
    ];
    let is_since = |line: &&str| since.iter().any(|word| line.trim_start().starts_with(word));
    let lines = WIT_PACKAGES.lines();
    assert_eq!(lines.clone().filter(is_since).count(), since.len());
    let before: Vec<&str> = lines.filter(|line| !is_since(line)).collect();
    serves("elder", &elder("elder", &before.join("\n"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_against_what_the_host_lacks_is_refused_by_its_name() {
    let clock = "    now-ms: func() -> u64;";
    let grown = WIT_PACKAGES.replacen(clock, &format!("{clock}\n    ticks: func() -> u64;"), 1);
    let host = TestHost::builder().start().await;
    let refused = host.install("younger", &elder("younger", &grown)).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("stoa:clock/clock@0.1.0") && refused.contains("ticks"),
        "{refused}"
    );
    let other = WIT_PACKAGES.replace("stoa:clock@0.1.0", "stoa:clock@0.2.0");
    let guest = read(
        "other",
        ";; imports: stoa:clock/clock@0.2.0\n;; expect: refused\n\
         (import \"stoa:clock/clock@0.2.0\" \"now-ms\" (func $now (result i64)))\n\
         (func (export \"stoa:http/handler@0.1.0#handle\") (param i32) (result i32) (global.get $fine))",
    );
    let plugin = assemble_against(&guest, &other).unwrap();
    let refused = host.install("other", &plugin).await.unwrap_err();
    assert!(
        refused.contains("imports stoa:clock/clock@0.2.0, but the host has stoa:clock/clock@0.1.0"),
        "{refused}"
    );
}

/// What is built of this repository has what it imports, as the authors' command sees it.
#[test]
fn every_plugin_here_passes_the_authors_check() {
    let mut checked = 0;
    for any in [plugin_file("catalog"), guest_file("probe")] {
        for entry in std::fs::read_dir(any.parent().unwrap()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "wasm") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let (_, report) = judge(&bytes, &BTreeSet::new()).unwrap();
            assert!(!report.is_refused(), "{}: {report}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}
