//! The engine: how guests are compiled, where their memories come from, and the clock that interrupts them.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stoa_kernel::limits::CallLimits;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::slow_lane::Pace;

/// How often guests are interrupted to account for their computing. CPU limits are as exact as this.
pub const TICK_MS: u64 = 10;

/// The same while slow plugins run, so that they step aside in time: less than others notice.
const FINE_TICK_MS: u64 = 1;

/// Stack of guest code. Guests are linked with a stack of their own in linear memory; this one holds
/// spilled registers and return addresses, so it bounds recursion.
const WASM_STACK_BYTES: usize = 512 << 10;

/// Stack of a fiber: guest code above, host functions below. The host's part stays above 1.5 MiB.
const FIBER_STACK_BYTES: usize = 2 << 20;

/// Memory kept from one use of a pool slot to the next and cleared by writing zeros, which is cheaper
/// than giving it back: an ordinary request touches less than this.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 1 << 20;
/// The same for tables.
const TABLE_KEEP_RESIDENT_BYTES: usize = 8 << 10;
/// The same for stacks, all of which is cleared whatever was touched: an ordinary call's are not as deep.
const STACK_KEEP_RESIDENT_BYTES: usize = 16 << 10;
/// Pool slots that keep such memory: bounds what an idle host holds after a burst.
const WARM_SLOTS_MAX: u32 = 64;

/// Elements of a table: function pointers of one guest. A large Rust guest has a few hundred, a
/// JavaScript engine several thousand.
const TABLE_ELEMENTS_MAX: usize = 10_000;

/// Core modules, memories and tables in one component: what `wit-component` and the tool chains of other
/// languages produce, with room.
pub const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = stoa_wit::admission::CORE_INSTANCES_MAX;
/// Memories of one component.
pub const MEMORIES_PER_COMPONENT_MAX: u32 = 4;
/// Tables of one component.
pub const TABLES_PER_COMPONENT_MAX: u32 = 10;

/// The server's engine.
///
/// # Errors
/// When the engine refuses the configuration, for instance on a machine that it does not support.
pub fn build(instances_max: u32, memory_cap: &CallLimits) -> wasmtime::Result<Engine> {
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(
        instances_max,
        memory_cap,
    )));
    Engine::new(&config)
}

/// An engine that only compiles: the same code, but no pool of memories to reserve, and on one thread. More of
/// them would finish sooner only where nobody needs the processor, and take it from requests where somebody does.
///
/// # Errors
/// As [`build`].
pub fn build_for_compiling() -> wasmtime::Result<Engine> {
    let mut config = config();
    config.parallel_compilation(false);
    Engine::new(&config)
}

/// What decides how code is compiled. Server and compiler process use the same, or code would not load.
fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .async_stack_zeroing(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(20))
        .shared_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .concurrency_support(false)
        .memory_init_cow(true);
    config
}

fn pool(instances_max: u32, memory_cap: &CallLimits) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances_max)
        // Counted, not reserved.
        .total_core_instances(instances_max.saturating_mul(CORE_INSTANCES_PER_COMPONENT_MAX))
        .total_memories(instances_max)
        .total_tables(instances_max.saturating_mul(2))
        .total_stacks(instances_max)
        .max_component_instance_size(2 << 20)
        .max_core_instance_size(1 << 20)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
        .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
        .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
        .max_memories_per_module(1)
        .max_tables_per_module(2)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_memory_size(usize::try_from(memory_cap.memory_bytes_max).unwrap_or(usize::MAX))
        .max_unused_warm_slots(WARM_SLOTS_MAX)
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT_BYTES);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes);
    }
    pool
}

/// The thread that advances the engine's epoch. It ends when this is dropped.
pub struct Ticker {
    stopped: Arc<AtomicBool>,
}

impl Ticker {
    /// Starts ticking every [`TICK_MS`], and every [`FINE_TICK_MS`] while slow plugins run.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(engine: &Engine, slow: Arc<Pace>) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (flag, engine) = (Arc::clone(&stopped), engine.weak());
        std::thread::Builder::new()
            .name("stoa-epoch".into())
            .spawn(move || {
                while !flag.load(Ordering::Relaxed) {
                    let tick_ms = if slow.is_slow() {
                        FINE_TICK_MS
                    } else {
                        TICK_MS
                    };
                    std::thread::sleep(Duration::from_millis(tick_ms));
                    let Some(engine) = engine.upgrade() else {
                        break;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Self { stopped })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}
