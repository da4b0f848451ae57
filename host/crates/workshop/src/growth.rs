//! Whether interfaces have only grown: what was built against them as they were fits them as they are.
//!
//! Functions, types and interfaces may be added. What is there stays: a record with one more field, or a variant with
//! one more case, is another type to everybody who was built before. An interface that plugins implement and the host
//! calls may not even gain a function, because no plugin that was built before has it.

use std::collections::BTreeMap;

use anyhow::Result;
use stoa_wit::{HOST_INTERFACES, WIT_PACKAGES};
use wit_component::DecodedWasm;
use wit_parser::{
    Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem,
};

use crate::pack::CALLED;

/// What an interface has: functions and types by name, each as text that is the same for the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Interface {
    functions: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
}

/// Interfaces by name and version, such as `stoa:storage/storage@0.1.0`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces(BTreeMap<String, Interface>);

impl Interfaces {
    /// Those that the host has.
    ///
    /// # Errors
    /// See [`Interfaces::read`].
    pub fn of_host() -> Result<Self> {
        let mut all = Self::read(WIT_PACKAGES)?;
        all.0.retain(|name, _| {
            HOST_INTERFACES
                .iter()
                .any(|(interface, _)| interface == name)
        });
        Ok(all)
    }

    /// Those of a text of packages, see [`WIT_PACKAGES`].
    ///
    /// # Errors
    /// When the text is no WIT.
    pub fn read(packages: &str) -> Result<Self> {
        // A text needs a package of its own.
        let text = format!("package stoa:all;\n{packages}");
        let mut resolve = Resolve::default();
        resolve.push_str("packages.wit", &text)?;
        let ids = resolve.interfaces.iter().map(|(id, _)| id);
        Ok(Self::of(&resolve, ids))
    }

    /// Those that a component imports, as far as it uses them.
    ///
    /// # Errors
    /// When the bytes are no component.
    pub fn imported(component: &[u8]) -> Result<Self> {
        let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
            anyhow::bail!("this is no WebAssembly component");
        };
        let imports = resolve
            .worlds
            .get(world)
            .map(|world| world.imports.values());
        let ids = imports.into_iter().flatten().filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            WorldItem::Function(_) | WorldItem::Type { .. } => None,
        });
        Ok(Self::of(&resolve, ids))
    }

    fn of(resolve: &Resolve, ids: impl Iterator<Item = InterfaceId>) -> Self {
        let named = ids.filter_map(|id| Some((resolve.id_of(id)?, resolve.interfaces.get(id)?)));
        let read = named.map(|(name, interface)| {
            let functions = interface.functions.iter();
            let types = interface.types.iter();
            let interface = Interface {
                functions: functions
                    .map(|(name, function)| (name.clone(), shape(resolve, function)))
                    .collect(),
                types: types
                    .map(|(name, id)| (name.clone(), definition(resolve, *id)))
                    .collect(),
            };
            (name, interface)
        });
        Self(read.collect())
    }

    /// What keeps a plugin that was built against these from a host that has `present`; nothing if they have only grown.
    #[must_use]
    pub fn broken_by(&self, present: &Self) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, was) in &self.0 {
            let Some(is) = present.0.get(name) else {
                broken.push(format!("{name} is gone"));
                continue;
            };
            differences(name, "function", &was.functions, &is.functions, &mut broken);
            differences(name, "type", &was.types, &is.types, &mut broken);
            if CALLED.contains(&name.as_str()) {
                let added = is.functions.keys();
                let added = added.filter(|function| !was.functions.contains_key(*function));
                broken.extend(added.map(|function| {
                    format!("{name}: function {function} is new, and no plugin that was built before has it")
                }));
            }
        }
        broken
    }

    /// What of these a host that has `present` lacks, as its author should be told. Of interfaces that it does not have
    /// at all nothing is said.
    #[must_use]
    pub fn missing_from(&self, present: &Self) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, wanted) in &self.0 {
            let Some(offered) = present.0.get(name) else {
                continue;
            };
            for (function, shape) in &wanted.functions {
                match offered.functions.get(function) {
                    Some(known) if known == shape => {}
                    Some(known) => missing.push(format!(
                        "imports {function} of {name} as {shape}, but the host has it as {known}: the plugin was built against another version of the host's interfaces"
                    )),
                    None => missing.push(format!(
                        "imports {function} of {name}, which the host does not have: the plugin was built against a newer version of the host's interfaces"
                    )),
                }
            }
        }
        missing
    }
}

fn differences(
    interface: &str,
    kind: &str,
    was: &BTreeMap<String, String>,
    is: &BTreeMap<String, String>,
    broken: &mut Vec<String>,
) {
    for (name, shape) in was {
        match is.get(name) {
            Some(present) if present == shape => {}
            Some(present) => {
                broken.push(format!(
                    "{interface}: {kind} {name} was {shape} and is {present}"
                ));
            }
            None => broken.push(format!("{interface}: {kind} {name} is gone")),
        }
    }
}

/// A function without the names of its parameters, which nobody calls it by.
fn shape(resolve: &Resolve, function: &Function) -> String {
    let params = list(resolve, function.params.iter().map(|param| &param.ty));
    match &function.result {
        Some(result) => format!("func({params}) -> {}", of(resolve, result)),
        None => format!("func({params})"),
    }
}

/// What a named type is.
fn definition(resolve: &Resolve, id: TypeId) -> String {
    let Some(ty) = resolve.types.get(id) else {
        return String::new();
    };
    let with = |name: &str, ty: Option<&Type>| match ty {
        Some(ty) => format!("{name}: {}", of(resolve, ty)),
        None => name.to_owned(),
    };
    let (word, parts): (_, Vec<String>) = match &ty.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|field| with(&field.name, Some(&field.ty)));
            ("record", fields.collect())
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases = cases.map(|case| with(&case.name, case.ty.as_ref()));
            ("variant", cases.collect())
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.cases.iter().map(|case| case.name.clone());
            ("enum", cases.collect())
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter().map(|flag| flag.name.clone());
            ("flags", flags.collect())
        }
        TypeDefKind::Resource => return "resource".to_owned(),
        _ => return of(resolve, &Type::Id(id)),
    };
    format!("{word} {{ {} }}", parts.join(", "))
}

/// A type where it is used: one with a name by its name, whatever it is called here.
fn of(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}").to_lowercase();
    };
    let Some(ty) = resolve.types.get(*id) else {
        return String::new();
    };
    let maybe = |ty: Option<&Type>| ty.map_or_else(|| "_".to_owned(), |ty| of(resolve, ty));
    match &ty.kind {
        TypeDefKind::Type(other) => of(resolve, other),
        TypeDefKind::Option(inner) => format!("option<{}>", of(resolve, inner)),
        TypeDefKind::List(inner) => format!("list<{}>", of(resolve, inner)),
        TypeDefKind::Result(result) => {
            let (ok, error) = (maybe(result.ok.as_ref()), maybe(result.err.as_ref()));
            format!("result<{ok}, {error}>")
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", list(resolve, tuple.types.iter())),
        TypeDefKind::Handle(Handle::Own(of)) => format!("own<{}>", name(resolve, *of)),
        TypeDefKind::Handle(Handle::Borrow(of)) => format!("borrow<{}>", name(resolve, *of)),
        TypeDefKind::Map(key, value) => {
            format!("map<{}, {}>", of(resolve, key), of(resolve, value))
        }
        TypeDefKind::FixedLengthList(inner, length) => {
            format!("list<{}, {length}>", of(resolve, inner))
        }
        TypeDefKind::Future(inner) => format!("future<{}>", maybe(inner.as_ref())),
        TypeDefKind::Stream(inner) => format!("stream<{}>", maybe(inner.as_ref())),
        TypeDefKind::Record(_)
        | TypeDefKind::Variant(_)
        | TypeDefKind::Enum(_)
        | TypeDefKind::Flags(_)
        | TypeDefKind::Resource
        | TypeDefKind::Unknown => name(resolve, *id),
    }
}

/// A type's name and whose it is.
fn name(resolve: &Resolve, id: TypeId) -> String {
    let Some(ty) = resolve.types.get(id) else {
        return String::new();
    };
    if let TypeDefKind::Type(Type::Id(other)) = &ty.kind {
        return name(resolve, *other);
    }
    let owner = match ty.owner {
        TypeOwner::Interface(interface) => resolve.id_of(interface),
        _ => None,
    };
    format!(
        "{}.{}",
        owner.unwrap_or_default(),
        ty.name.as_deref().unwrap_or_default()
    )
}

fn list<'a>(resolve: &Resolve, types: impl Iterator<Item = &'a Type>) -> String {
    let types: Vec<String> = types.map(|ty| of(resolve, ty)).collect();
    types.join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn present() -> Interfaces {
        Interfaces::read(WIT_PACKAGES).unwrap()
    }

    /// What becomes of the interfaces when this of their text is replaced by that.
    fn changed(this: &str, that: &str) -> Vec<String> {
        assert!(WIT_PACKAGES.contains(this), "{this}");
        let packages = WIT_PACKAGES.replacen(this, that, 1);
        present().broken_by(&Interfaces::read(&packages).unwrap())
    }

    const STORAGE_GET: &str =
        "    get: func(collection: string, id: string) -> result<option<document>, error>;";
    const HANDLE: &str = "    handle: func(request: request) -> result<response, problem>;";
    const LIFECYCLE: &str = "    health: func() -> result<_, string>;";

    #[test]
    fn every_released_version_still_fits() {
        for (version, packages) in stoa_wit::RELEASED_WIT_PACKAGES {
            let broken = Interfaces::read(packages).unwrap().broken_by(&present());
            assert!(
                broken.is_empty(),
                "what was built against {version} runs no more:\n{}",
                broken.join("\n")
            );
        }
    }

    #[test]
    fn every_interface_of_the_host_has_been_read() {
        let host = Interfaces::of_host().unwrap();
        assert_eq!(host.0.len(), HOST_INTERFACES.len());
        assert!(
            host.0
                .values()
                .all(|interface| !interface.functions.is_empty())
        );
        let present = present();
        assert!(CALLED.iter().all(|name| present.0.contains_key(*name)));
    }

    #[test]
    fn growth_breaks_nobody() {
        let with = |more: &str| changed(STORAGE_GET, &format!("{STORAGE_GET}\n{more}"));
        assert_eq!(with("count: func(collection: string) -> u64;"), [""; 0]);
        assert_eq!(
            with("record range { first: string, last: string }"),
            [""; 0]
        );
        let interface = "interface more { go: func(); }\ninterface storage {";
        assert_eq!(changed("interface storage {", interface), [""; 0]);
        let package = "package stoa:more@0.1.0 { interface more { go: func(); } }\npackage stoa:storage@0.1.0 {";
        assert_eq!(changed("package stoa:storage@0.1.0 {", package), [""; 0]);
        // What a parameter is called is nobody's business.
        let renamed = STORAGE_GET.replace("id:", "key:");
        assert_eq!(changed(STORAGE_GET, &renamed), [""; 0]);
    }

    #[test]
    fn every_kind_of_break_is_named() {
        for (this, that, told) in [
            (
                STORAGE_GET,
                "",
                "stoa:storage/storage@0.1.0: function get is gone",
            ),
            (
                STORAGE_GET,
                "get: func(collection: string, id: u64) -> result<option<document>, error>;",
                "function get was func(string, string)",
            ),
            (
                STORAGE_GET,
                "get: func(collection: string, id: string) -> option<document>;",
                "and is func(string, string) -> option<",
            ),
            (
                "        version: u64,",
                "        version: u64,\n        owner: string,",
                "type document was record {",
            ),
            (
                "        descending: bool,",
                "",
                "type sort-key was record {",
            ),
            ("        not-found,", "", "type error was variant {"),
            (
                "        already-exists,",
                "        already-exists,\n        gone,",
                "type error was variant {",
            ),
            (
                "enum method { get, post,",
                "enum method { get, query, post,",
                "type method was enum {",
            ),
            (
                "package stoa:storage@0.1.0 {",
                "package stoa:storage@0.2.0 {",
                "stoa:storage/storage@0.1.0 is gone",
            ),
            (
                HANDLE,
                &format!("{HANDLE}\n    upgrade: func(request: request) -> result<_, problem>;"),
                "function upgrade is new, and no plugin",
            ),
            (
                LIFECYCLE,
                &format!("{LIFECYCLE}\n    retire: func();"),
                "function retire is new, and no plugin",
            ),
            (
                "        handler: string,\n        /// The route's path",
                "        handler: string,\n        at-ms: u64,\n        /// The route's path",
                "stoa:http/handler@0.1.0: type request was record {",
            ),
        ] {
            let broken = changed(this, that);
            let found = broken.iter().any(|broken| broken.contains(told));
            assert!(found, "{told} is not in {broken:#?}");
        }
    }

    #[test]
    fn what_a_component_wants_and_a_host_lacks_is_named() {
        let component = wat::parse_str(
            r#"(component
                (import "stoa:clock/clock@0.1.0" (instance
                    (export "now-ms" (func (result u64)))
                    (export "ticks" (func (result u64)))))
                (import "stoa:settings/settings@0.1.0" (instance
                    (export "get" (func (param "name" u32)))))
                (import "a:b/c@1.0.0" (instance (export "go" (func)))))"#,
        )
        .unwrap();
        let wanted = Interfaces::imported(&component).unwrap();
        let missing = wanted.missing_from(&Interfaces::of_host().unwrap());
        let [ticks, get] = missing.as_slice() else {
            unreachable!("{missing:#?}")
        };
        assert!(ticks.contains("ticks of stoa:clock/clock@0.1.0"), "{ticks}");
        assert!(ticks.contains("newer version"), "{ticks}");
        assert!(get.contains("get of stoa:settings/settings@0.1.0"), "{get}");
    }
}
