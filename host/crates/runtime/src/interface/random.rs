//! `stoa:random/random`.

use bytes::Bytes;
use stoa_kernel::limits::RANDOM_BYTES_MAX;
use stoa_kernel::random::{Random, ulid};

use crate::bindings::stoa::random::random::Host;
use crate::grants::Capability;
use crate::scope::Scope;
use crate::state::State;

/// Random bits of a ULID.
const ULID_RANDOM_BYTES: usize = 16;

impl Host for State {
    async fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        let len = len.min(RANDOM_BYTES_MAX) as usize;
        bytes(self, len).map(|random| random.to_vec())
    }

    async fn ulid(&mut self) -> wasmtime::Result<String> {
        let scope = self.charge(Capability::Free, 0)?;
        Ok(told_ulid(&scope))
    }
}

/// A ULID that a second run is told again.
pub(super) fn told_ulid(scope: &Scope) -> String {
    let now = scope.outside.time(|| scope.ports.clock.now());
    let bytes = scope.outside.random(ULID_RANDOM_BYTES, || {
        fresh(&*scope.ports.random, ULID_RANDOM_BYTES)
    });
    ulid(now, &Remembered(bytes))
}

/// Random bytes for a guest; a second run is told the same.
pub fn bytes(state: &mut State, len: usize) -> wasmtime::Result<Bytes> {
    let scope = state.charge(Capability::Free, len)?;
    let ask = || fresh(&*scope.ports.random, len);
    Ok(scope.outside.random(len, ask))
}

fn fresh(random: &dyn Random, len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    random.fill(&mut bytes);
    Bytes::from(bytes)
}

/// Bytes that were random when they were first told.
struct Remembered(Bytes);

impl Random for Remembered {
    fn fill(&self, into: &mut [u8]) {
        into.iter_mut()
            .zip(self.0.iter())
            .for_each(|(to, from)| *to = *from);
    }
}
