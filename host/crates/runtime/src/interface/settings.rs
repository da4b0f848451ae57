//! `stoa:settings/settings`.

use crate::bindings::stoa::settings::settings::Host;
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.charge(Capability::Free, name.len())?;
        let value = self.revision.settings.get(&name).cloned();
        self.charge_bytes(value.as_ref().map_or(0, String::len))?;
        Ok(value)
    }
}
