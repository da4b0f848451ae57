//! Calls from plugin to plugin: typed by WIT, linked when they happen.
//!
//! The caller's component imports an interface; whoever provides it in the request's snapshot answers, in
//! an instance of its own, within the caller's unit of work, identity and time.

use std::sync::Arc;

use stoa_kernel::limits::CALL_DEPTH_MAX;
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Val};

use crate::call;
use crate::fault::{Ended, Fault};
use crate::state::State;

/// Defines one function of an interface that other plugins provide.
///
/// # Errors
/// When the linker has the name already.
pub fn define(
    instance: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> wasmtime::Result<()> {
    let target: Arc<(String, String)> = Arc::new((interface.into(), function.into()));
    instance.func_new_async(function, move |context, _ty, params, results| {
        let target = Arc::clone(&target);
        Box::new(async move { forward(context, &target.0, &target.1, params, results).await })
    })
}

async fn forward(
    mut context: StoreContextMut<'_, State>,
    interface: &str,
    function: &str,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let state = context.data_mut();
    let depth = state.depth + 1;
    let scope = state.charge(0)?;
    if depth > CALL_DEPTH_MAX {
        return Err(Ended(Fault::Limit(format!(
            "calls nested deeper than {CALL_DEPTH_MAX}"
        )))
        .into());
    }
    let Some(provider) = scope.live.provider(interface).cloned() else {
        return Err(Ended(Fault::NoProvider(interface.into())).into());
    };
    let _slot = call::slot(&provider).await.map_err(Ended)?;
    let savepoint = (scope.unit.savepoint(), scope.cache_changes.savepoint());
    let answered = call::run(&provider, &scope, depth, async |living| {
        let found = provider
            .provided
            .get(interface)
            .and_then(|functions| functions.get(function));
        let Some(provided) = found else {
            return Err(Ended(Fault::NoProvider(format!("{interface}#{function}"))).into());
        };
        let Some(function) = living.instance.get_func(&mut living.store, provided.index) else {
            return Err(Ended(Fault::NoProvider(format!("{interface}#{function}"))).into());
        };
        function
            .call_async(&mut living.store, params, results)
            .await
    })
    .await;
    match answered {
        Ok(()) => {
            // An error answer undoes what the provider wrote on the way to it, so that the caller may go on.
            if matches!(results.first(), Some(Val::Result(Err(_)))) {
                scope.unit.rollback_to(savepoint.0);
                scope.cache_changes.rollback_to(savepoint.1);
            }
            Ok(())
        }
        Err(fault) => {
            tracing::warn!(
                plugin = &*provider.name,
                interface,
                function,
                fault = fault.to_string(),
                "a call from another plugin failed"
            );
            Err(Ended(fault).into())
        }
    }
}
