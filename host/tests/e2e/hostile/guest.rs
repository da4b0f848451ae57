//! Guests in WebAssembly text: what no compiler would make of a plugin.
//!
//! Each file under `guests/` holds fields of one module. Comments at its beginning say what it does, and:
//!
//! - `expect:` how a call of it ends (`fine` or a problem's code), or `refused` and a word of the reason;
//! - `imports:`, `exports:` interfaces of its world beside the handler;
//! - `uses:`, `extensions:`, `provides:` those that its manifest speaks of, too;
//! - `capabilities:` what its manifest asks for;
//! - `encoding:` of its strings, if not UTF-8;
//! - `without: realloc` if it has an allocator of its own.
//!
//! To the fields come a memory of 256 KiB, an allocator that only goes forward, and `$fine`: the address of the
//! answer 204.

use anyhow::{Context as _, Result};
use serde_json::json;
use stoa_wit::WIT_PACKAGES;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The address of the answer, of free memory, and what the memory begins with.
const PRELUDE: &str = r#"
    (memory (export "memory") 4)
    (global $fine i32 (i32.const 1024))
    (data (i32.const 1024) "\00\00\00\00\cc\00\00\00")
"#;

/// Goes forward from the second page on; a request of these tests takes little.
const REALLOC: &str = r#"
    (global $free (mut i32) (i32.const 65536))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 15)) (i32.const -16)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
"#;

/// What guests import that is not ours, or export that is nobody's.
const OTHER_PACKAGES: &str = r#"
    package wasi:io@0.2.3 {
        interface poll { resource pollable { block: func(); } }
    }
    package wasi:clocks@0.2.3 {
        interface monotonic-clock {
            use wasi:io/poll@0.2.3.{pollable};
            now: func() -> u64;
            subscribe-duration: func(when: u64) -> pollable;
        }
    }
    package wasi:random@0.2.3 {
        interface random { get-random-bytes: func(len: u64) -> list<u8>; }
    }
    package wasi:sockets@0.2.3 {
        interface tcp-create-socket { create: func() -> u32; }
        interface ip-name-lookup { resolve: func() -> u32; }
    }
    package wasi:filesystem@0.2.3 {
        interface preopens { count: func() -> u32; }
    }
    package test:hostile@0.1.0 {
        interface nothing { open: func(); }
        interface door { open: func(); }
        interface gate { open: func(); }
        interface mirror { open: func(); }
        interface things { resource thing; }
        interface forms {
            variant error { unavailable(string) }
            record form { a-field-whose-name-is-as-long-as-a-sentence-of-somebody-who-means-no-good: u8 }
            flags marks { first, second }
            fill: func(forms: list<form>) -> result<u32, error>;
            spell: func(letter: char) -> result<u32, error>;
            mark: func(marks: marks) -> result<u32, error>;
        }
        interface step1 { go: func(); }
        interface step2 { go: func(); }
        interface step3 { go: func(); }
        interface step4 { go: func(); }
        interface step5 { go: func(); }
        interface step6 { go: func(); }
        interface step7 { go: func(); }
        interface step8 { go: func(); }
        interface step9 { go: func(); }
    }
"#;

/// A guest as it is written.
pub struct Guest {
    pub name: String,
    pub expect: Vec<String>,
    capabilities: Vec<String>,
    imports: Vec<String>,
    exports: Vec<String>,
    uses: Vec<String>,
    extensions: Vec<String>,
    provides: Vec<String>,
    encoding: StringEncoding,
    has_realloc: bool,
    fields: String,
}

/// Every guest of the folder.
pub fn all() -> Vec<Guest> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/hostile/guests");
    let entries = std::fs::read_dir(dir).expect("the folder of guests");
    let mut guests: Vec<Guest> = entries
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            read(&name, &std::fs::read_to_string(&path).expect("text"))
        })
        .collect();
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    guests
}

impl Guest {
    /// The number of the behaviour that it shows.
    pub fn number(&self) -> u8 {
        let number = self
            .fields
            .strip_prefix(";; H")
            .and_then(|text| text.get(..2));
        number
            .and_then(|number| number.parse().ok())
            .expect("a number")
    }
}

/// A guest of this text.
pub fn read(name: &str, text: &str) -> Guest {
    let said = |key: &str| -> Vec<String> {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(";; "));
        let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        let words = found.unwrap_or_default().split_whitespace();
        words.map(str::to_owned).collect()
    };
    let encoding = said("encoding");
    Guest {
        name: name.to_owned(),
        expect: said("expect"),
        capabilities: said("capabilities"),
        imports: said("imports"),
        exports: said("exports"),
        uses: said("uses"),
        extensions: said("extensions"),
        provides: said("provides"),
        encoding: encoding.first().map_or(StringEncoding::UTF8, |word| {
            word.parse().expect("an encoding")
        }),
        has_realloc: said("without").is_empty(),
        fields: text.to_owned(),
    }
}

/// A plugin of one route, `GET /<name>`, built against the interfaces as they are.
pub fn assemble(guest: &Guest) -> Result<Vec<u8>> {
    assemble_against(guest, WIT_PACKAGES)
}

/// The same, built against the interfaces of this text.
pub fn assemble_against(guest: &Guest, packages: &str) -> Result<Vec<u8>> {
    let realloc = if guest.has_realloc { REALLOC } else { "" };
    // Imports come first in a module.
    let (imports, rest) = guest.fields.split_once("\n(func ").context("a function")?;
    let fields = format!("(module {imports}\n{PRELUDE} {realloc} (func {rest})");
    let mut module = wat::parse_str(&fields).context("the text")?;

    let line = |word: &str, interfaces: &[String]| -> String {
        let each = interfaces.iter().map(|name| format!("{word} {name};\n"));
        each.collect()
    };
    let world = format!(
        "package test:guest;\nworld guest {{\n{}{}export stoa:http/handler@0.1.0;\n}}\n",
        line(
            "import",
            &[&*guest.imports, &guest.uses, &guest.extensions].concat()
        ),
        line("export", &[&*guest.exports, &guest.provides].concat()),
    );
    let mut resolve = Resolve::default();
    let text = format!("{world}{packages}{OTHER_PACKAGES}");
    let package = resolve.push_str("guest.wit", &text).context("the world")?;
    let world = resolve.select_world(&[package], Some("guest"))?;
    embed_component_metadata(&mut module, &resolve, world, guest.encoding)?;
    let component = ComponentEncoder::default().module(&module)?.encode()?;
    with_package(component, &manifest(guest))
}

/// A component that says what it is. Whether that makes sense is the host's to find out.
pub fn with_package(mut component: Vec<u8>, manifest: &str) -> Result<Vec<u8>> {
    let manifest: serde_json::Value = toml::from_str(manifest)?;
    let package = serde_json::to_vec(&json!({ "manifest": manifest, "schemas": {} }))?;
    let section = wasm_encoder::CustomSection {
        name: stoa_wit::PACKAGE_SECTION.into(),
        data: (&package).into(),
    };
    use wasm_encoder::{Encode as _, Section as _};
    component.push(section.id());
    section.encode(&mut component);
    Ok(component)
}

fn manifest(guest: &Guest) -> String {
    let Guest {
        name, capabilities, ..
    } = guest;
    let alias = |interface: &String| {
        let (path, _) = interface.split_once('@').expect("a version");
        path.rsplit('/').next().unwrap_or(path).to_owned()
    };
    let table = |key: &str, interfaces: &[String]| -> String {
        let lines = interfaces.iter();
        let lines = lines.map(|each| format!("{} = {each:?}\n", alias(each)));
        format!("[{key}]\n{}", lines.collect::<String>())
    };
    let (uses, provides) = (
        table("uses", &guest.uses),
        table("provides", &guest.provides),
    );
    let extensions = guest.extensions.iter();
    let extensions = extensions
        .map(|each| {
            let alias = alias(each);
            format!("[extensions.{alias}]\ninterface = {each:?}\nbudget_ms = 100\n")
        })
        .collect::<String>();
    format!(
        r#"
        name = "{name}"
        version = "0.1.0"
        capabilities = {capabilities:?}
        {uses}
        {provides}
        {extensions}
        [limits]
        cpu_ms_max = 100
        wall_ms_max = 2000
        [[route]]
        method = "GET"
        path = "/{name}"
        handler = "go"
        callers = ["public"]
        "#
    )
}
