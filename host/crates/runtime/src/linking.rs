//! From a component to something that can be instantiated: its imports judged, defined and typed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use stoa_wit::Package;
use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem};
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::artifact::{Import, ImportError, judge_import};
use crate::bindings::stoa as host;
use crate::relay;
use crate::revision::Provided;
use crate::state::State;

/// Why a component can't be linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// One of its imports can't be satisfied.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// It needs more room than any instance may have.
    #[error("needs more memories or tables than an instance may have")]
    TooLarge,
    /// The manifest says that it exports something that it does not.
    #[error("plugin.toml says that it provides {0}, but the component does not export it")]
    MissingExport(String),
    /// An imported or provided interface has something other than functions over values.
    #[error("{0} has resources or other things that can't pass between plugins")]
    NotPlainFunctions(String),
    /// A function of an extension point has no way to say that nobody answers.
    #[error(
        "{0}: the result of {1} has no error with a case unavailable(string), as extension points need"
    )]
    NeverUnavailable(String, String),
    /// The engine refuses.
    #[error("does not link: {0}")]
    Engine(String),
}

impl LinkError {
    fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}

/// A component's imports of other plugins' interfaces: what they were compiled against.
pub type Used = HashMap<String, HashMap<String, ComponentFunc>>;

/// Links a component with exactly what its manifest asks for and its operator grants.
///
/// # Errors
/// Every [`LinkError`].
pub fn link(
    component: &Component,
    package: &Package,
    denied: &BTreeSet<String>,
) -> Result<(InstancePre<State>, Used), LinkError> {
    let engine = component.engine();
    if component.resources_required().is_none() {
        return Err(LinkError::TooLarge);
    }
    let mut linker = Linker::new(engine);
    let mut used = Used::new();
    let mut wasi = false;
    for (name, import) in component.component_type().imports(engine) {
        match judge_import(name, package, denied)? {
            Import::Host(_) => define_host(&mut linker, name).map_err(LinkError::engine)?,
            Import::Wasi => wasi = true,
            Import::Plugin => {
                let ComponentItem::ComponentInstance(instance) = &import.ty else {
                    return Err(LinkError::NotPlainFunctions(name.into()));
                };
                let functions = functions_of(engine, name, instance)?;
                let mut defined = linker.instance(name).map_err(LinkError::engine)?;
                let budget = budget(package, name);
                for (function, ty) in &functions {
                    if budget.is_some() && !relay::can_be_unavailable(ty) {
                        return Err(LinkError::NeverUnavailable(name.into(), function.clone()));
                    }
                    relay::define(&mut defined, name, function, budget)
                        .map_err(LinkError::engine)?;
                }
                used.insert(name.into(), functions);
            }
        }
    }
    if wasi {
        crate::wasi::add_to_linker(&mut linker).map_err(LinkError::engine)?;
    }
    let pre = linker
        .instantiate_pre(component)
        .map_err(LinkError::engine)?;
    Ok((pre, used))
}

/// How long an extension point may take; none for an interface that is none.
fn budget(package: &Package, interface: &str) -> Option<Duration> {
    let mut points = package.manifest.extensions.values();
    let point = points.find(|point| point.interface == interface)?;
    Some(Duration::from_millis(point.budget_ms.into()))
}

/// The functions of an interface. Types and nothing else may stand beside them.
fn functions_of(
    engine: &Engine,
    name: &str,
    instance: &ComponentInstance,
) -> Result<HashMap<String, ComponentFunc>, LinkError> {
    let mut functions = HashMap::new();
    for (export, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(function) => {
                functions.insert(export.to_string(), function);
            }
            ComponentItem::Type(_) => {}
            _ => return Err(LinkError::NotPlainFunctions(name.into())),
        }
    }
    Ok(functions)
}

/// The functions that a component provides for others, as its manifest says.
///
/// # Errors
/// [`LinkError::MissingExport`] and [`LinkError::NotPlainFunctions`].
pub fn provided(
    component: &Component,
    package: &Package,
) -> Result<HashMap<String, HashMap<String, Provided>>, LinkError> {
    let engine = component.engine();
    let ty = component.component_type();
    let mut provided = HashMap::new();
    for interface in package.manifest.provides.values() {
        let missing = || LinkError::MissingExport(interface.clone());
        let Some(ComponentItem::ComponentInstance(instance)) =
            ty.get_export(engine, interface).map(|item| item.ty)
        else {
            return Err(missing());
        };
        let outer = component
            .get_export_index(None, interface.as_str())
            .ok_or_else(missing)?;
        let mut functions = HashMap::new();
        for (name, ty) in functions_of(engine, interface, &instance)? {
            let index = component
                .get_export_index(Some(&outer), name.as_str())
                .ok_or_else(missing)?;
            functions.insert(name, Provided { index, ty });
        }
        provided.insert(interface.clone(), functions);
    }
    Ok(provided)
}

/// The one list of the host's interfaces: a new one is a line here and a file under `interface/`.
fn define_host(linker: &mut Linker<State>, name: &str) -> wasmtime::Result<()> {
    fn state(state: &mut State) -> &mut State {
        state
    }
    type Ours = HasSelf<State>;
    match name.split_once('@').map_or(name, |(path, _)| path) {
        "stoa:types/types" => host::types::types::add_to_linker::<_, Ours>(linker, state),
        "stoa:http/inbound" => host::http::inbound::add_to_linker::<_, Ours>(linker, state),
        "stoa:http/outbound" => host::http::outbound::add_to_linker::<_, Ours>(linker, state),
        "stoa:secrets/secrets" => host::secrets::secrets::add_to_linker::<_, Ours>(linker, state),
        "stoa:storage/storage" => host::storage::storage::add_to_linker::<_, Ours>(linker, state),
        "stoa:blobs/blobs" => host::blobs::blobs::add_to_linker::<_, Ours>(linker, state),
        "stoa:cache/cache" => host::cache::cache::add_to_linker::<_, Ours>(linker, state),
        "stoa:settings/settings" => {
            host::settings::settings::add_to_linker::<_, Ours>(linker, state)
        }
        "stoa:clock/clock" => host::clock::clock::add_to_linker::<_, Ours>(linker, state),
        "stoa:random/random" => host::random::random::add_to_linker::<_, Ours>(linker, state),
        "stoa:log/log" => host::log::log::add_to_linker::<_, Ours>(linker, state),
        "stoa:mail/mail" => host::mail::mail::add_to_linker::<_, Ours>(linker, state),
        "stoa:plans/plans" => host::plans::plans::add_to_linker::<_, Ours>(linker, state),
        "stoa:directory/directory" => {
            host::directory::directory::add_to_linker::<_, Ours>(linker, state)
        }
        "stoa:directory/roles" => host::directory::roles::add_to_linker::<_, Ours>(linker, state),
        "stoa:live/live" => host::live::live::add_to_linker::<_, Ours>(linker, state),
        "stoa:events/events" => host::events::events::add_to_linker::<_, Ours>(linker, state),
        _ => Err(wasmtime::Error::msg(format!(
            "{name} has no implementation"
        ))),
    }
}

/// Whether a provider's functions are what a user was compiled against; says what is not.
///
/// # Errors
/// A sentence naming the first function that is missing or differs.
pub fn check_types(
    used: &HashMap<String, ComponentFunc>,
    provided: &HashMap<String, Provided>,
) -> Result<(), String> {
    for (name, wanted) in used {
        let Some(offered) = provided.get(name) else {
            return Err(format!("{name} is missing"));
        };
        let same = wanted
            .params()
            .map(|(_, ty)| ty)
            .eq(offered.ty.params().map(|(_, ty)| ty))
            && wanted.results().eq(offered.ty.results());
        if !same {
            return Err(format!("{name} has other parameters or results"));
        }
    }
    Ok(())
}
