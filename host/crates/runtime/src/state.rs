//! What the host keeps for one instance: the data of its `wasmtime::Store`.

use std::sync::Arc;

use stoa_kernel::limits;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::engine::TICK_MS;
use crate::fault::{Ended, Fault};
use crate::limiter::Limiter;
use crate::revision::Revision;
use crate::scope::Scope;

/// Host-owned things that a guest may hold handles to: none of our interfaces has any, WASI has streams.
const RESOURCES_MAX: usize = 100;

/// The current call's quotas.
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    host_calls_left: u64,
    guest_bytes_left: u64,
    log_bytes_left: usize,
    ticks_left: u64,
}

/// What the host keeps for one instance.
pub struct State {
    /// The code that runs.
    pub revision: Arc<Revision>,
    /// The request that it runs for; none between two requests of a reused instance.
    pub scope: Option<Arc<Scope>>,
    /// How many plugins stand between the client and this one.
    pub depth: u32,
    /// Bounds its memory.
    pub limiter: Limiter,
    quotas: Quotas,
    resources: ResourceTable,
    wasi: Option<Box<WasiCtx>>,
}

impl State {
    /// For a new instance of `revision`.
    #[must_use]
    pub fn new(revision: Arc<Revision>) -> Self {
        let memory_bytes_max = usize::try_from(revision.limits.memory_bytes_max).unwrap_or(usize::MAX);
        let quotas = Quotas::of(&revision);
        Self {
            revision,
            scope: None,
            depth: 0,
            limiter: Limiter::new(memory_bytes_max),
            quotas,
            resources: ResourceTable::new(),
            wasi: None,
        }
    }

    /// Begins a call: full quotas, the request's scope.
    pub fn enter(&mut self, scope: Arc<Scope>, depth: u32) {
        self.quotas = Quotas::of(&self.revision);
        self.scope = Some(scope);
        self.depth = depth;
    }

    /// Ends a call: nothing of the request stays.
    pub fn leave(&mut self) {
        self.scope = None;
    }

    /// The request, for a host function. Charges one host call and the bytes that it passes.
    ///
    /// # Errors
    /// [`Ended`] when a quota is used up, or when guest code runs outside of a request.
    pub fn charge(&mut self, bytes: usize) -> wasmtime::Result<Arc<Scope>> {
        let Some(left) = self.quotas.host_calls_left.checked_sub(1) else {
            return Err(Ended(Fault::Limit("host calls".into())).into());
        };
        self.quotas.host_calls_left = left;
        self.charge_bytes(bytes)?;
        self.scope.clone().ok_or_else(|| Ended(Fault::Trap("a host call outside of a request".into())).into())
    }

    /// Charges bytes that go to the guest.
    ///
    /// # Errors
    /// [`Ended`] when the quota is used up.
    pub fn charge_bytes(&mut self, bytes: usize) -> wasmtime::Result<()> {
        match self.quotas.guest_bytes_left.checked_sub(bytes as u64) {
            Some(left) => {
                self.quotas.guest_bytes_left = left;
                Ok(())
            }
            None => Err(Ended(Fault::Limit("bytes passed to and from the host".into())).into()),
        }
    }

    /// How many bytes of a log line may still be written; they are then used up.
    pub fn take_log_bytes(&mut self, wanted: usize) -> usize {
        let granted = wanted.min(self.quotas.log_bytes_left);
        self.quotas.log_bytes_left -= granted;
        granted
    }

    /// A tick of computing has passed; false when it was the last.
    pub fn tick(&mut self) -> bool {
        self.quotas.ticks_left = self.quotas.ticks_left.saturating_sub(1);
        self.quotas.ticks_left > 0
    }
}

impl Quotas {
    fn of(revision: &Revision) -> Self {
        Self {
            host_calls_left: revision.limits.host_calls_max,
            guest_bytes_left: limits::GUEST_BYTES_PER_REQUEST_MAX,
            log_bytes_left: limits::LOG_BYTES_PER_REQUEST_MAX,
            ticks_left: revision.limits.cpu_ms_max.div_ceil(TICK_MS) + 1,
        }
    }
}

impl WasiView for State {
    /// WASI with everything closed: no files, no sockets, no environment, no arguments; output goes nowhere.
    /// Made when a guest first uses it, which guests in Rust never do.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.resources.set_max_capacity(RESOURCES_MAX);
        let ctx = self.wasi.get_or_insert_with(|| {
            let mut builder = WasiCtxBuilder::new();
            builder.max_random_size(u64::from(limits::RANDOM_BYTES_MAX));
            Box::new(builder.build())
        });
        WasiCtxView { ctx, table: &mut self.resources }
    }
}
