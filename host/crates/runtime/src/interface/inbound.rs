//! `stoa:http/inbound`: what of the request a handler asks for only when it needs it.

use crate::bindings::stoa::http::inbound::Host;
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn header(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let scope = self.charge(Capability::Free, name.len())?;
        let found = scope
            .request
            .headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(&name));
        let value = found.map(|(_, value)| value.clone());
        self.charge_bytes(value.as_ref().map_or(0, String::len))?;
        Ok(value)
    }

    async fn request_id(&mut self) -> wasmtime::Result<String> {
        Ok(self.charge(Capability::Free, 0)?.request.id.clone())
    }
}
