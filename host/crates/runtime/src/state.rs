//! What the host keeps for one instance: the data of its `wasmtime::Store`.

use std::sync::Arc;
use std::time::Duration;

use stoa_kernel::importance;
use stoa_wit::Permission;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::engine::TICK_MS;
use crate::fault::{BYTES, Ended, Fault};
use crate::grants::Capability;
use crate::limiter::Limiter;
use crate::meter::Stopwatch;
use crate::revision::Revision;
use crate::scope::Scope;
use crate::slow_lane::SLOW_CPU;
use crate::wasi::Wasi;

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
    /// Whether it ends because of a fault of a plugin that it called.
    pub is_victim: bool,
    host_calls_left: u64,
    /// Whether it called WASI when no host call was left: those calls can't refuse by themselves.
    overdrawn: bool,
    watch: Option<Arc<Stopwatch>>,
    /// What the watch showed at the last tick.
    computed: Duration,
    cpu_left: Duration,
    resources: ResourceTable,
    wasi: Option<Box<Wasi>>,
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
            overdrawn: false,
            is_victim: false,
            watch: None,
            computed: Duration::ZERO,
            cpu_left: Duration::ZERO,
            resources: ResourceTable::new(),
            wasi: None,
        }
    }

    /// How often it has called the host since its call began.
    pub fn host_calls(&self) -> u64 {
        let limits = &self.revision.limits;
        limits.host_calls_max.saturating_sub(self.host_calls_left)
    }

    /// Begins a call: full quotas, the request's scope, the watch that measures its computing.
    pub fn enter(&mut self, scope: Arc<Scope>, depth: u32, watch: Arc<Stopwatch>) {
        self.host_calls_left = self.revision.limits.host_calls_max;
        self.cpu_left = Duration::from_millis(self.revision.limits.cpu_ms_max);
        self.computed = Duration::ZERO;
        self.watch = Some(watch);
        if let Some(wasi) = &self.wasi {
            wasi.enter(Arc::clone(&scope));
        }
        self.scope = Some(scope);
        self.is_victim = false;
        self.depth = depth;
    }

    /// Ends a call: what it has used is counted, and nothing of the request stays.
    pub fn leave(&mut self) {
        if self.scope.is_some() {
            let (host_calls, memory) = (self.host_calls(), self.limiter.memory_bytes());
            self.revision.meter.used(host_calls, memory);
        }
        if let Some(wasi) = &self.wasi {
            wasi.leave();
        }
        self.scope = None;
        self.watch = None;
    }

    /// The request, for a host function that needs a capability. Charges one host call and the bytes that it passes.
    ///
    /// # Errors
    /// [`Ended`] when the capability is not granted, when a quota is used up, or when guest code runs outside of a
    /// request.
    pub fn charge(&mut self, needs: Capability, bytes: usize) -> wasmtime::Result<Arc<Scope>> {
        if !self.revision.grants.can(needs) {
            return Err(self.denied(needs.permission()));
        }
        let Some(left) = self.host_calls_left.checked_sub(1) else {
            return Err(host_calls());
        };
        self.host_calls_left = left;
        self.charge_bytes(bytes)?;
        self.scope.clone().ok_or_else(outside)
    }

    /// Sees to it that something beyond a capability is granted.
    ///
    /// # Errors
    /// [`Ended`] when it is not.
    pub fn require(&self, permission: &Permission) -> wasmtime::Result<()> {
        if self.revision.grants.has(permission) {
            return Ok(());
        }
        Err(self.denied(permission.clone()))
    }

    /// Ends the guest: what it tried is not granted. Who looks after the platform reads what.
    fn denied(&self, permission: Permission) -> wasmtime::Error {
        let request = self.scope.as_ref().map(|scope| &scope.request);
        tracing::warn!(
            target: "audit",
            plugin = &*self.revision.name,
            digest = self.revision.digest,
            tenant = request.map(|request| request.tenant.as_str()),
            request = request.map(|request| &*request.id),
            %permission,
            "a plugin tried what it is not granted"
        );
        Ended(Fault::Denied(permission)).into()
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
        Err(Ended(Fault::Limit(BYTES.into())).into())
    }

    /// Charges the computing since the last tick of the engine's epoch; false when none is left. Waiting
    /// does not count, and of a long host call no more than one tick: that is the host's time.
    ///
    /// # Errors
    /// [`Ended`] when the quota of host calls was overdrawn.
    pub fn tick(&mut self) -> wasmtime::Result<bool> {
        if self.overdrawn {
            return Err(host_calls());
        }
        let Some(watch) = &self.watch else {
            return Ok(false);
        };
        let computed = watch.running();
        let spent = computed
            .saturating_sub(self.computed)
            .min(Duration::from_millis(TICK_MS));
        self.computed = computed;
        self.cpu_left = self.cpu_left.saturating_sub(spent);
        let cpu_max = Duration::from_millis(self.revision.limits.cpu_ms_max);
        if cpu_max.saturating_sub(self.cpu_left) >= SLOW_CPU
            && let Some(scope) = &self.scope
            && let Some(core) = scope.live.core()
        {
            core.slow_lane.note(&scope.pace);
        }
        importance::step_aside();
        Ok(!self.cpu_left.is_zero())
    }

    /// What it has of WASI, made when a guest first uses it, which guests in Rust never do.
    pub fn wasi(&mut self) -> &mut Wasi {
        begun(&mut self.wasi, &self.revision, &self.scope)
    }
}

fn begun<'a>(
    wasi: &'a mut Option<Box<Wasi>>,
    revision: &Arc<Revision>,
    scope: &Option<Arc<Scope>>,
) -> &'a mut Wasi {
    wasi.get_or_insert_with(|| {
        let wasi = Wasi::new(Arc::clone(revision));
        if let Some(scope) = scope {
            wasi.enter(Arc::clone(scope));
        }
        Box::new(wasi)
    })
}

fn host_calls() -> wasmtime::Error {
    Ended(Fault::Limit("host calls".into())).into()
}

fn outside() -> wasmtime::Error {
    Ended(Fault::Trap("a host call outside of a request".into())).into()
}

impl Drop for State {
    /// A call that ends in a fault, or whose time is up, ends with its instance.
    fn drop(&mut self) {
        self.leave();
    }
}

impl WasiView for State {
    /// Each call of WASI comes by here, and is charged as any other.
    fn ctx(&mut self) -> WasiCtxView<'_> {
        match self.host_calls_left.checked_sub(1) {
            Some(left) => self.host_calls_left = left,
            None => self.overdrawn = true,
        }
        self.resources.set_max_capacity(RESOURCES_MAX);
        let Self {
            revision,
            scope,
            wasi,
            resources,
            ..
        } = self;
        WasiCtxView {
            ctx: &mut begun(wasi, revision, scope).ctx,
            table: resources,
        }
    }
}
