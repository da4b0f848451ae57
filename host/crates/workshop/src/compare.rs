//! What a new version changes for those who know the old one: clients, other plugins, the operator.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use stoa_wit::{Manifest, Migration, Route};
use wasmparser::Validator;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::types::Types;

use crate::judge;
use crate::report::Report;

/// Compares two versions of a plugin.
///
/// # Errors
/// When either can't be read.
pub fn compare(old: &[u8], new: &[u8], report: &mut Report) -> Result<()> {
    let (before, after) = (
        judge::package(old).context("the old version")?.manifest,
        judge::package(new).context("the new version")?.manifest,
    );
    if before.name != after.name {
        report.notable(format!(
            "was called {}: to a host, this is another plugin",
            before.name
        ));
    }
    if before.version == after.version {
        report.notable(format!(
            "both are version {}: no data is migrated",
            after.version
        ));
    }
    routes(&before, &after, report);
    for (what, before, after) in [
        (
            "collection",
            names(before.collections.keys()),
            names(after.collections.keys()),
        ),
        ("permission", permissions(&before), permissions(&after)),
    ] {
        for gone in before.difference(&after) {
            report.notable(format!("{what} {gone} is gone"));
        }
        for added in after.difference(&before) {
            report.notable(format!("{what} {added} is new"));
        }
    }
    steps(&before.migrations, &after.migrations, report);
    interfaces(old, new, &before, &after, report)
}

/// Tenants whose data has gone a step that is another one now come back first, and lose what comes back with it.
fn steps(before: &[Migration], after: &[Migration], report: &mut Report) {
    for (index, old) in before.iter().enumerate() {
        if !after.get(index).is_some_and(|new| new.is_same_step(old)) {
            report.notable(format!("migration {old} is gone or another one"));
        }
    }
    for new in after.iter().skip(before.len()) {
        report.notable(format!("migration {new} is new"));
    }
}

fn names<'a>(keys: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    keys.into_iter().cloned().collect()
}

/// What an operator has to agree to; routes are compared by themselves.
fn permissions(manifest: &Manifest) -> BTreeSet<String> {
    let permissions = manifest.permissions().into_iter();
    permissions
        .map(String::from)
        .filter(|word| !word.starts_with("route:"))
        .collect()
}

fn routes(before: &Manifest, after: &Manifest, report: &mut Report) {
    let find = |manifest: &Manifest, wanted: &Route| {
        let mut routes = manifest.routes.iter();
        routes
            .find(|route| (route.method, &route.path) == (wanted.method, &wanted.path))
            .cloned()
    };
    for old in &before.routes {
        let shown = format!("route {} {}", old.method, old.path);
        match find(after, old) {
            None => report.notable(format!("{shown} is gone")),
            Some(new) if !new.callers.is_superset(&old.callers) => {
                report.notable(format!("{shown} admits fewer callers"));
            }
            Some(_) => {}
        }
    }
    for new in &after.routes {
        if find(before, new).is_none() {
            report.notable(format!("route {} {} is new", new.method, new.path));
        }
    }
}

/// Other plugins were compiled against the interfaces that the old version provides.
fn interfaces(
    old: &[u8],
    new: &[u8],
    before: &Manifest,
    after: &Manifest,
    report: &mut Report,
) -> Result<()> {
    // Types can be compared within one validator only.
    let mut validator = Validator::new();
    let old = validator.validate_all(old).context("the old version")?;
    validator.reset();
    let new = validator.validate_all(new).context("the new version")?;
    for interface in before.provides.values() {
        if !after
            .provides
            .values()
            .any(|provided| provided == interface)
        {
            report.refused(format!(
                "{interface} is provided no more: refused where another plugin uses it"
            ));
            continue;
        }
        let lost = changed_functions(&old, &new, interface);
        for function in &lost {
            report.refused(format!(
                "{interface}: {function} is gone or has other types: refused where another plugin uses it"
            ));
        }
        if lost.is_empty() {
            report.fine(format!(
                "{interface} has every function that it had, with the same types"
            ));
        }
    }
    for interface in after.provides.values() {
        if !before
            .provides
            .values()
            .any(|provided| provided == interface)
        {
            report.notable(format!("{interface} is provided now"));
        }
    }
    Ok(())
}

/// The functions of an interface of the old version that the new one has not, or with other types.
fn changed_functions(old: &Types, new: &Types, interface: &str) -> Vec<String> {
    let Some(had) = functions(old, old.component_item_for_export(interface)) else {
        return Vec::new();
    };
    lost(old, had, new, interface)
}

/// The functions of an interface that a plugin was compiled with and a provider has not, or with other types.
///
/// # Errors
/// When either is no component.
pub fn lacking(user: &[u8], provider: &[u8], interface: &str) -> Result<Vec<String>> {
    // Types can be compared within one validator only.
    let mut validator = Validator::new();
    let user = validator.validate_all(user).context("who calls it")?;
    validator.reset();
    let provider = validator.validate_all(provider);
    let provider = provider.context("who provides it")?;
    let called = functions(&user, user.component_item_for_import(interface));
    Ok(lost(
        &user,
        called.unwrap_or_default(),
        &provider,
        interface,
    ))
}

/// Those of the functions that a provider has not, or with other types.
fn lost(
    old: &Types,
    had: Vec<(String, ComponentEntityType)>,
    new: &Types,
    interface: &str,
) -> Vec<String> {
    let has = functions(new, new.component_item_for_export(interface)).unwrap_or_default();
    let is_same = |a: &ComponentEntityType, b: &ComponentEntityType| {
        ComponentEntityType::is_subtype_of(a, old.as_ref(), b, new.as_ref())
            && ComponentEntityType::is_subtype_of(b, new.as_ref(), a, old.as_ref())
    };
    let lost = had.into_iter().filter(|(name, ty)| {
        let mut has = has.iter();
        !has.any(|(other, other_ty)| other == name && is_same(ty, other_ty))
    });
    lost.map(|(name, _)| name).collect()
}

fn functions(
    types: &Types,
    interface: Option<&ComponentItem>,
) -> Option<Vec<(String, ComponentEntityType)>> {
    let ComponentEntityType::Instance(instance) = interface?.ty else {
        return None;
    };
    let exports = types[instance].exports.iter();
    let functions = exports.filter(|(_, item)| matches!(item.ty, ComponentEntityType::Func(_)));
    Some(
        functions
            .map(|(name, item)| (name.clone(), item.ty))
            .collect(),
    )
}
