//! `stoa:clock/clock`.

use crate::bindings::stoa::clock::clock::Host;
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        let scope = self.charge(Capability::Free, 0)?;
        Ok(scope.outside.time(|| scope.ports.clock.now()))
    }
}
