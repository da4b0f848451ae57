//! `stoa:log/log`: a guest's lines, told apart from the host's own and never able to imitate them.

use stoa_kernel::deployment::{LogLevel, LogLine};
use stoa_kernel::trace;

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
    let trace = trace::current().map(|context| context.trace_id());
    macro_rules! write {
        ($level:ident) => {
            tracing::$level!(target: "plugin", plugin, tenant, request, trace_id = trace, "{text}")
        };
    }
    match level {
        Level::Trace => write!(trace),
        Level::Debug => write!(debug),
        Level::Info => write!(info),
        Level::Warn => write!(warn),
        Level::Error => write!(error),
    }
    revision.record.journal.add(LogLine {
        number: 0,
        at: scope.ports.clock.now(),
        tenant: scope.request.tenant.clone(),
        request: request.to_owned(),
        trace,
        level: match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        },
        text,
    });
}
