//! Calls from plugin to plugin: typed by WIT, linked when they happen.
//!
//! The caller's component imports an interface; whoever provides it in the request's snapshot answers, in
//! an instance of its own, within the caller's unit of work, identity and time.

use std::sync::Arc;
use std::time::Duration;

use stoa_kernel::limits::CALL_DEPTH_MAX;
use stoa_wit::Permission;
use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{LinkerInstance, Type, Val};

use crate::call::{self, Export};
use crate::fault::{BYTES, BYTES_TAKEN, Ended, Fault, HURRIED, LATE};
use crate::grants::Capability;
use crate::scope::Scope;
use crate::state::State;

/// The case of an extension point's error by which the host says that nobody answered.
const UNAVAILABLE: &str = "unavailable";

/// A function of an interface that another plugin provides.
struct Target {
    interface: String,
    function: String,
    /// How long an extension point may take; none for what the caller can't do without.
    budget: Option<Duration>,
    /// What has to be granted.
    permission: Permission,
}

/// Defines one function of an interface that other plugins provide. With a budget, it is an extension point:
/// when nobody provides it, or who does fails or takes longer, the caller is told that it is unavailable.
///
/// # Errors
/// When the linker has the name already.
pub fn define(
    instance: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
    budget: Option<Duration>,
) -> wasmtime::Result<()> {
    let target = Arc::new(Target {
        interface: interface.into(),
        function: function.into(),
        budget,
        permission: Permission::uses(interface),
    });
    instance.func_new_async(function, move |context, _ty, params, results| {
        let target = Arc::clone(&target);
        Box::new(async move { forward(context, &target, params, results).await })
    })
}

/// Whether a function can be one of an extension point: its result is a `result` whose error is a variant with
/// the case `unavailable(string)`.
pub fn can_be_unavailable(function: &ComponentFunc) -> bool {
    let mut results = function.results();
    let (Some(Type::Result(result)), None) = (results.next(), results.next()) else {
        return false;
    };
    let Some(Type::Variant(error)) = result.err() else {
        return false;
    };
    let mut cases = error.cases();
    cases.any(|case| case.name == UNAVAILABLE && matches!(case.ty, Some(Type::String)))
}

async fn forward(
    mut context: StoreContextMut<'_, State>,
    target: &Target,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let state = context.data_mut();
    let depth = state.depth + 1;
    let scope = state.charge(Capability::Free, 0)?;
    if depth > CALL_DEPTH_MAX {
        return Err(Ended(Fault::Limit(format!(
            "calls nested deeper than {CALL_DEPTH_MAX}"
        )))
        .into());
    }
    if target.budget.is_none() {
        context.data().require(&target.permission)?;
    }
    let savepoint = (
        scope.unit.savepoint(),
        scope.cache_changes.savepoint(),
        scope.pushes.savepoint(),
        scope.resting.savepoint(),
        scope.outside.files.savepoint(),
    );
    // Who may not ask finds nobody.
    let answered = match context.data().revision.grants.has(&target.permission) {
        true => ask(&scope, target, depth, params, results).await,
        false => Err(Fault::NoProvider(target.interface.clone())),
    };
    match &answered {
        Ok(()) => {}
        // An extension that nobody provides is no failure, and a guest may ask for it as often as it likes.
        Err(Fault::NoProvider(_)) if target.budget.is_some() => {}
        Err(fault) => tracing::warn!(
            interface = target.interface,
            function = target.function,
            fault = fault.to_string(),
            "a call from another plugin failed"
        ),
    }
    match (answered, target.budget, results.first_mut()) {
        (Ok(()), ..) => {}
        (Err(fault), Some(_), Some(result)) => {
            // Another time it may be there: nothing that rests on its absence is to be told again.
            scope.outside.open();
            let reason = Val::String(fault.word().into());
            let error = Val::Variant(UNAVAILABLE.into(), Some(Box::new(reason)));
            *result = Val::Result(Err(Some(Box::new(error))));
        }
        (Err(fault), ..) => {
            let fault = match fault {
                // Who leaves others no time has used it up itself.
                Fault::Timeout(HURRIED) => Fault::Timeout(LATE),
                // So it is with bytes.
                Fault::Limit(which) if which == BYTES_TAKEN => Fault::Limit(BYTES.into()),
                fault => {
                    context.data_mut().is_victim = true;
                    fault
                }
            };
            return Err(Ended(fault).into());
        }
    }
    // An error answer undoes what the provider wrote on the way to it, so that the caller may go on.
    if matches!(results.first(), Some(Val::Result(Err(_)))) {
        scope.unit.rollback_to(savepoint.0);
        scope.cache_changes.rollback_to(savepoint.1);
        scope.pushes.rollback_to(savepoint.2);
        scope.resting.rollback_to(savepoint.3);
        scope.outside.files.rollback_to(savepoint.4);
    }
    Ok(())
}

/// Lets whoever provides the function answer.
async fn ask(
    scope: &Arc<Scope>,
    target: &Target,
    depth: u32,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), Fault> {
    let missing = || Fault::NoProvider(format!("{}#{}", target.interface, target.function));
    let provider = scope.live.provider(&target.interface).cloned();
    let provider = provider.filter(|provider| provider.grants.provides(&target.interface));
    let provider = provider.ok_or_else(|| Fault::NoProvider(target.interface.clone()))?;
    let core = scope
        .live
        .core()
        .ok_or(Fault::Busy("the host is stopping"))?;
    let _place = call::place(&core, &provider, &scope.request).await?;
    scope.enter(&core, &provider).await?;
    let budget = target.budget.unwrap_or(Duration::MAX);
    let export = Export {
        interface: &target.interface,
        function: &target.function,
    };
    call::run_within(&provider, scope, depth, budget, export, async |living| {
        let functions = provider.provided.get(&target.interface);
        let found = functions.and_then(|functions| functions.get(&target.function));
        let provided = found.ok_or_else(|| Ended(missing()))?;
        let function = living
            .instance
            .get_func(&mut living.store, provided.index)
            .ok_or_else(|| Ended(missing()))?;
        function
            .call_async(&mut living.store, params, results)
            .await
    })
    .await
}
