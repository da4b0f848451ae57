//! `stoa:log/log`: a guest's lines, told apart from the host's own and never able to imitate them.

use crate::bindings::stoa::log::log::{Host, Level};
use crate::state::State;

impl Host for State {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let scope = self.charge(0)?;
        let granted = scope.budget.take_log_bytes(message.len());
        if granted == 0 {
            return Ok(());
        }
        let text = message
            .get(..message.floor_char_boundary(granted))
            .unwrap_or_default()
            .escape_debug();
        let (plugin, tenant, request) = (
            &*self.revision.name,
            scope.request.tenant.as_str(),
            &*scope.request.id,
        );
        match level {
            Level::Trace => tracing::trace!(target: "plugin", plugin, tenant, request, "{text}"),
            Level::Debug => tracing::debug!(target: "plugin", plugin, tenant, request, "{text}"),
            Level::Info => tracing::info!(target: "plugin", plugin, tenant, request, "{text}"),
            Level::Warn => tracing::warn!(target: "plugin", plugin, tenant, request, "{text}"),
            Level::Error => tracing::error!(target: "plugin", plugin, tenant, request, "{text}"),
        }
        Ok(())
    }
}
