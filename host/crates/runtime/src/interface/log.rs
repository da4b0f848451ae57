//! `stoa:log/log`: a guest's lines, told apart from the host's own and never able to imitate them.

use stoa_kernel::deployment::LogLine;

use crate::bindings::stoa::log::log::{Host, Level};
use crate::grants::Capability;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::state::State;

impl Host for State {
    async fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let scope = self.charge(Capability::Free, 0)?;
        line(&scope, &self.revision, level, &message);
        Ok(())
    }
}

/// Writes a plugin's line, as much of it as its request may still log.
pub fn line(scope: &Scope, revision: &Revision, level: Level, message: &str) {
    let granted = scope.budget.take_log_bytes(message.len());
    if granted == 0 {
        return;
    }
    let text = message
        .get(..message.floor_char_boundary(granted))
        .unwrap_or_default()
        .escape_debug()
        .to_string();
    let plugin = &*revision.name;
    let (tenant, request) = (scope.request.tenant.as_str(), &*scope.request.id);
    match level {
        Level::Trace => tracing::trace!(target: "plugin", plugin, tenant, request, "{text}"),
        Level::Debug => tracing::debug!(target: "plugin", plugin, tenant, request, "{text}"),
        Level::Info => tracing::info!(target: "plugin", plugin, tenant, request, "{text}"),
        Level::Warn => tracing::warn!(target: "plugin", plugin, tenant, request, "{text}"),
        Level::Error => tracing::error!(target: "plugin", plugin, tenant, request, "{text}"),
    }
    revision.record.journal.add(LogLine {
        number: 0,
        at: scope.ports.clock.now(),
        tenant: scope.request.tenant.clone(),
        request: request.to_owned(),
        level: word(level),
        text,
    });
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}
