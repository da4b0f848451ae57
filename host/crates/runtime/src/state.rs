//! What the host keeps for one instance: the data of its `wasmtime::Store`.

use std::sync::Arc;
use std::time::Duration;

use stoa_kernel::limits;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::engine::TICK_MS;
use crate::fault::{Ended, Fault};
use crate::limiter::Limiter;
use crate::meter::Stopwatch;
use crate::revision::Revision;
use crate::scope::Scope;

/// Host-owned things that a guest may hold handles to: none of our interfaces has any, WASI has streams.
const RESOURCES_MAX: usize = 100;

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
    host_calls_left: u64,
    watch: Option<Arc<Stopwatch>>,
    /// What the watch showed at the last tick.
    computed: Duration,
    cpu_left: Duration,
    resources: ResourceTable,
    wasi: Option<Box<WasiCtx>>,
}

impl State {
    /// For a new instance of `revision`.
    #[must_use]
    pub fn new(revision: Arc<Revision>) -> Self {
        let memory_bytes_max =
            usize::try_from(revision.limits.memory_bytes_max).unwrap_or(usize::MAX);
        Self {
            host_calls_left: revision.limits.host_calls_max,
            revision,
            scope: None,
            depth: 0,
            limiter: Limiter::new(memory_bytes_max),
            watch: None,
            computed: Duration::ZERO,
            cpu_left: Duration::ZERO,
            resources: ResourceTable::new(),
            wasi: None,
        }
    }

    /// Begins a call: full quotas, the request's scope, the watch that measures its computing.
    pub fn enter(&mut self, scope: Arc<Scope>, depth: u32, watch: Arc<Stopwatch>) {
        self.host_calls_left = self.revision.limits.host_calls_max;
        self.cpu_left = Duration::from_millis(self.revision.limits.cpu_ms_max);
        self.computed = Duration::ZERO;
        self.watch = Some(watch);
        self.scope = Some(scope);
        self.depth = depth;
    }

    /// Ends a call: nothing of the request stays.
    pub fn leave(&mut self) {
        self.scope = None;
        self.watch = None;
    }

    /// The request, for a host function. Charges one host call and the bytes that it passes.
    ///
    /// # Errors
    /// [`Ended`] when a quota is used up, or when guest code runs outside of a request.
    pub fn charge(&mut self, bytes: usize) -> wasmtime::Result<Arc<Scope>> {
        let Some(left) = self.host_calls_left.checked_sub(1) else {
            return Err(Ended(Fault::Limit("host calls".into())).into());
        };
        self.host_calls_left = left;
        self.charge_bytes(bytes)?;
        self.scope.clone().ok_or_else(outside)
    }

    /// Charges bytes that go to the guest. All guests of a request share one quota.
    ///
    /// # Errors
    /// [`Ended`] when the quota is used up.
    pub fn charge_bytes(&mut self, bytes: usize) -> wasmtime::Result<()> {
        let scope = self.scope.as_ref().ok_or_else(outside)?;
        if scope.budget.take_guest_bytes(bytes) {
            return Ok(());
        }
        Err(Ended(Fault::Limit("bytes passed to and from the host".into())).into())
    }

    /// Charges the computing since the last tick of the engine's epoch; false when none is left. Waiting
    /// does not count, and of a long host call no more than one tick: that is the host's time.
    pub fn tick(&mut self) -> bool {
        let Some(watch) = &self.watch else {
            return false;
        };
        let computed = watch.running();
        let spent = computed
            .saturating_sub(self.computed)
            .min(Duration::from_millis(TICK_MS));
        self.computed = computed;
        self.cpu_left = self.cpu_left.saturating_sub(spent);
        !self.cpu_left.is_zero()
    }
}

fn outside() -> wasmtime::Error {
    Ended(Fault::Trap("a host call outside of a request".into())).into()
}

impl WasiView for State {
    /// WASI with everything closed: no files, no sockets, no environment, no arguments; output goes nowhere.
    /// Made when a guest first uses it, which guests in Rust never do.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.resources.set_max_capacity(RESOURCES_MAX);
        if let Some(scope) = &self.scope {
            scope.outside.open();
        }
        let ctx = self.wasi.get_or_insert_with(|| {
            let mut builder = WasiCtxBuilder::new();
            builder.max_random_size(u64::from(limits::RANDOM_BYTES_MAX));
            Box::new(builder.build())
        });
        WasiCtxView {
            ctx,
            table: &mut self.resources,
        }
    }
}
