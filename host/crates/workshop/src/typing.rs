//! Types for TypeScript of the interfaces between plugins, as `componentize-js` passes their values.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use stoa_wit::Manifest;
use wit_parser::{
    Function, Handle, Interface, InterfaceId, Resolve, Result_, Type, TypeDef, TypeDefKind,
};

use crate::world;

/// One `declare module` for each interface that the manifest uses or provides.
///
/// # Errors
/// When the world's text makes no sense.
pub fn modules(manifest: &Manifest, world: &str) -> Result<String> {
    let resolve = world::resolve(world)?;
    let mut text =
        String::from("// The interfaces between plugins. Written by `stoa plugin build`.\n");
    let used = manifest.used().map(|(_, interface)| interface);
    for name in used.chain(manifest.provides.values().map(String::as_str)) {
        let id = find(&resolve, name).with_context(|| format!("there is no {name}"))?;
        let _ = writeln!(text, "\ndeclare module '{name}' {{");
        text += &module(&resolve, id);
        text += "}\n";
    }
    Ok(text)
}

/// The interface of a full name, such as `stoa:commerce/catalog@0.1.0`.
pub(crate) fn find(resolve: &Resolve, name: &str) -> Option<InterfaceId> {
    let mut ids = resolve.interfaces.iter().map(|(id, _)| id);
    ids.find(|id| resolve.id_of(*id).as_deref() == Some(name))
}

fn module(resolve: &Resolve, id: InterfaceId) -> String {
    let Some(interface) = resolve.interfaces.get(id) else {
        return String::new();
    };
    let mut text = String::new();
    for (name, id) in &interface.types {
        if let Some(definition) = resolve.types.get(*id) {
            text += &docs(definition.docs.contents.as_deref());
            text += &declared(resolve, &pascal(name), definition);
        }
    }
    text + &functions(resolve, interface)
}

fn functions(resolve: &Resolve, interface: &Interface) -> String {
    let mut text = String::new();
    for (name, function) in &interface.functions {
        text += &docs(function.docs.contents.as_deref());
        let parameters: Vec<String> = function
            .params
            .iter()
            .map(|param| format!("{}: {}", camel(&param.name), of(resolve, &param.ty)))
            .collect();
        let (parameters, answer) = (parameters.join(", "), answer(resolve, function));
        let name = camel(name);
        let _ = writeln!(text, "  export function {name}({parameters}): {answer};");
    }
    text
}

/// What a function returns: an error is thrown.
fn answer(resolve: &Resolve, function: &Function) -> String {
    let Some(result) = &function.result else {
        return "void".into();
    };
    if let Type::Id(id) = result
        && let Some(TypeDefKind::Result(Result_ { ok, .. })) =
            resolve.types.get(*id).map(|definition| &definition.kind)
    {
        return ok.as_ref().map_or("void".into(), |ok| of(resolve, ok));
    }
    of(resolve, result)
}

/// A type with a name of its own.
fn declared(resolve: &Resolve, name: &str, definition: &TypeDef) -> String {
    if let TypeDefKind::Record(record) = &definition.kind {
        let mut text = format!("  export interface {name} {{\n");
        for field in &record.fields {
            text += &docs(field.docs.contents.as_deref()).replace("  /**", "    /**");
            let (mark, ty) = match optional(resolve, &field.ty) {
                Some(inner) => ("?", inner),
                None => ("", of(resolve, &field.ty)),
            };
            let _ = writeln!(text, "    {}{mark}: {ty};", camel(&field.name));
        }
        return text + "  }\n";
    }
    format!(
        "  export type {name} = {};\n",
        kind(resolve, &definition.kind)
    )
}

/// What an option holds, if a plain `undefined` can stand for its absence.
fn optional(resolve: &Resolve, ty: &Type) -> Option<String> {
    let Type::Id(id) = ty else { return None };
    let definition = resolve.types.get(*id)?;
    match &definition.kind {
        TypeDefKind::Option(inner) if optional(resolve, inner).is_none() => {
            Some(of(resolve, inner))
        }
        _ => None,
    }
}

fn of(resolve: &Resolve, ty: &Type) -> String {
    let word = match ty {
        Type::Bool => "boolean",
        Type::U8 | Type::U16 | Type::U32 | Type::S8 | Type::S16 | Type::S32 => "number",
        Type::F32 | Type::F64 => "number",
        Type::U64 | Type::S64 => "bigint",
        Type::Char | Type::String => "string",
        Type::ErrorContext => "unknown",
        Type::Id(id) => {
            let Some(definition) = resolve.types.get(*id) else {
                return "unknown".into();
            };
            return match &definition.name {
                Some(name) => pascal(name),
                None => kind(resolve, &definition.kind),
            };
        }
    };
    word.into()
}

fn kind(resolve: &Resolve, kind: &TypeDefKind) -> String {
    match kind {
        TypeDefKind::Option(inner) => match optional(resolve, inner) {
            Some(_) => cases(resolve, [("none", None), ("some", Some(inner))]),
            None => format!("{} | undefined", of(resolve, inner)),
        },
        TypeDefKind::Result(Result_ { ok, err }) => {
            cases(resolve, [("ok", ok.as_ref()), ("err", err.as_ref())])
        }
        TypeDefKind::Variant(variant) => {
            let each = variant.cases.iter();
            cases(
                resolve,
                each.map(|case| (case.name.as_str(), case.ty.as_ref())),
            )
        }
        TypeDefKind::Enum(words) => {
            let words = words.cases.iter().map(|case| format!("'{}'", case.name));
            words.collect::<Vec<_>>().join(" | ")
        }
        TypeDefKind::Flags(flags) => {
            let flags = flags.flags.iter();
            let members = flags.map(|flag| format!("{}?: boolean", camel(&flag.name)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join("; "))
        }
        TypeDefKind::Tuple(tuple) => {
            let types = tuple.types.iter().map(|ty| of(resolve, ty));
            format!("[{}]", types.collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::List(item) | TypeDefKind::FixedLengthList(item, _) => list(resolve, item),
        TypeDefKind::Type(other) => of(resolve, other),
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => of(resolve, &Type::Id(*id)),
        // No host passes these between plugins.
        TypeDefKind::Record(_)
        | TypeDefKind::Resource
        | TypeDefKind::Map(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Unknown => "unknown".into(),
    }
}

/// Lists of numbers are typed arrays.
fn list(resolve: &Resolve, item: &Type) -> String {
    let typed = match item {
        Type::U8 => "Uint8Array",
        Type::S8 => "Int8Array",
        Type::U16 => "Uint16Array",
        Type::S16 => "Int16Array",
        Type::U32 => "Uint32Array",
        Type::S32 => "Int32Array",
        Type::U64 => "BigUint64Array",
        Type::S64 => "BigInt64Array",
        Type::F32 => "Float32Array",
        Type::F64 => "Float64Array",
        other => return format!("Array<{}>", of(resolve, other)),
    };
    typed.into()
}

fn cases<'a>(
    resolve: &Resolve,
    cases: impl IntoIterator<Item = (&'a str, Option<&'a Type>)>,
) -> String {
    let case = |(tag, ty): (&str, Option<&Type>)| match ty {
        Some(ty) => format!("{{ tag: '{tag}'; val: {} }}", of(resolve, ty)),
        None => format!("{{ tag: '{tag}' }}"),
    };
    cases.into_iter().map(case).collect::<Vec<_>>().join(" | ")
}

fn docs(text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| {
        let text = text.trim().replace("*/", "* /").replace('\n', "\n   * ");
        format!("  /** {text} */\n")
    })
}

/// `flat-shipping` as `FlatShipping`.
pub(crate) fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// `get-many` as `getMany`.
fn camel(name: &str) -> String {
    let mut letters = pascal(name);
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    letters
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_a_module_whose_errors_are_thrown() {
        let manifest = Manifest::from_toml(
            "name = \"a\"\nversion = \"0.1.0\"\n[uses]\ncatalog = \"stoa:commerce/catalog@0.1.0\"",
        )
        .unwrap();
        let text = modules(&manifest, &world::of(&manifest, "")).unwrap();
        for line in [
            "declare module 'stoa:commerce/catalog@0.1.0' {",
            "  export interface Product {\n",
            "    price: Money;",
            "    minor: bigint;",
            "    stock?: number;",
            "    vendorId: string;",
            "{ tag: 'not-found' } | { tag: 'out-of-stock'; val: number }",
            "export function getProducts(ids: Array<string>): Array<Product>;",
            "export function returnStock(id: string, quantity: number): void;",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("stoa:storage"), "{text}");
    }
}
