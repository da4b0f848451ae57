//! `stoa:settings/settings`.

use crate::bindings::stoa::settings::settings::Host;
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let scope = self.charge(Capability::Free, name.len())?;
        let revision = &self.revision;
        let layers = &revision.record.settings;
        let value = revision.settings.get(layers, &scope.request.tenant, &name);
        self.charge_bytes(value.as_ref().map_or(0, String::len))?;
        Ok(value)
    }
}
