//! `stoa:http/inbound`: what of the request a handler asks for only when it needs it. Answers that rest on it are not told
//! again: headers and ids are no part of the question that remembered answers are found by.

use crate::bindings::stoa::http::inbound::Host;
use crate::grants::Capability;
use crate::state::State;

impl Host for State {
    async fn header(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let scope = self.charge(Capability::Free, name.len())?;
        scope.outside.open();
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
        let scope = self.charge(Capability::Free, 0)?;
        scope.outside.open();
        Ok(scope.request.id.clone())
    }
}
