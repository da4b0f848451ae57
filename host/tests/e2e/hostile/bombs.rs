//! Files that are no plugin, and those that would keep a compiler busy or exhaust it: refused by their structure.

use wasm_encoder::{
    BlockType, CodeSection, Component, Function, FunctionSection, Instruction, Module,
    ModuleSection, NestedComponentSection, TypeSection, ValType,
};

use super::table::Play;
use super::{guest, host};

const MANIFEST: &str = "name = \"bomb\"\nversion = \"0.1.0\"";

fn plugin(component: Component) -> Vec<u8> {
    guest::with_package(component.finish(), MANIFEST).expect("a package")
}

/// A component of modules that are never instantiated.
fn of_modules(modules: impl IntoIterator<Item = Module>) -> Vec<u8> {
    let mut component = Component::new();
    for module in modules {
        component.section(&ModuleSection(&module));
    }
    plugin(component)
}

/// A module of so many functions, each with a body of so many instructions.
fn functions(count: u32, instructions: usize) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    let mut body = Function::new([]);
    for _ in 0..instructions {
        body.instruction(&Instruction::Nop);
    }
    body.instruction(&Instruction::End);
    for _ in 0..count {
        declared.function(0);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module
}

/// Components within components.
fn nested(depth: usize) -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&component));
        component = outer;
    }
    plugin(component)
}

/// A module whose function has so many variables.
fn variables(count: u32) -> Module {
    let mut body = Function::new([(count, ValType::I32)]);
    body.instruction(&Instruction::End);
    of_one(&body)
}

/// A module whose function goes on at one of so many places, each of which takes more than two bytes to name.
fn choice(places: usize) -> Module {
    const DEPTH: u32 = 20_000;
    let mut body = Function::new([]);
    for _ in 0..DEPTH {
        body.instruction(&Instruction::Block(BlockType::Empty));
    }
    body.instruction(&Instruction::I32Const(0));
    body.instruction(&Instruction::BrTable(vec![DEPTH - 1; places].into(), 0));
    for _ in 0..=DEPTH {
        body.instruction(&Instruction::End);
    }
    of_one(&body)
}

fn of_one(body: &Function) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    declared.function(0);
    code.function(body);
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module
}

/// A component that makes so many instances of a module with a memory of so many pages.
fn instances(count: usize, pages: usize) -> Vec<u8> {
    let each = "(core instance (instantiate $m))".repeat(count);
    let text = format!("(component (core module $m (memory {pages})) {each})");
    let component = wat::parse_str(text).expect("a component");
    guest::with_package(component, MANIFEST).expect("a package")
}

/// Files that a compiler would be busy with: what each is, and a word of why it is refused.
pub const BOMBS: &[Play] = &[
    Play::File(
        "a million functions",
        || of_modules([functions(1_000_000, 0)]),
        "functions",
    ),
    Play::File(
        "a body of 7 MB",
        || of_modules([functions(1, 7_000_000)]),
        "function of",
    ),
    Play::File(
        "50,001 variables of a function",
        || of_modules([variables(50_001)]),
        "locals",
    ),
    Play::File(
        "a choice of a million places",
        || of_modules([choice(1_000_000)]),
        "function of",
    ),
    Play::File(
        "a thousand modules",
        || of_modules((0..1_000).map(|_| functions(1, 1))),
        "modules",
    ),
    Play::File(
        "a thousand components in each other",
        || nested(1_000),
        "nested",
    ),
];

/// Files whose instances would take more room than there is.
pub const CROWDS: &[Play] = &[
    Play::File("a thousand instances", || instances(1_000, 1), "instances"),
    Play::File(
        "forty memories of 62 MiB each",
        || instances(40, 1_000),
        "memories",
    ),
];

#[tokio::test(flavor = "multi_thread")]
pub async fn what_is_no_component_is_refused() {
    let host = host().await;
    let fine = of_modules([functions(1, 1)]);
    let mut cut_off = fine.clone();
    cut_off.truncate(fine.len() / 2);
    let zip_with_plugin = [b"PK\x03\x04".as_slice(), &fine].concat();
    let files: [(&str, Vec<u8>); 7] = [
        ("nothing", Vec::new()),
        ("compiled code", b"\x7fELF\x02\x01\x01".repeat(100)),
        ("text", b"(component)".to_vec()),
        ("a module", functions(1, 1).finish()),
        ("half of one", cut_off),
        ("a zip file with one in it", zip_with_plugin),
        ("200 MiB", vec![0; 200 << 20]),
    ];
    for (what, file) in files {
        let _ = host.install("rubbish", &file).await.expect_err(what);
    }
    // The structure alone is fine.
    host.install("bomb", &fine).await.unwrap();
}
